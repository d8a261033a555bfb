import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Context } from "../command.ts";
import { info } from "./info.ts";

async function printed(json: boolean): Promise<string> {
  let text = "";
  const context = { print: (line: string) => (text += `${line}\n`) } as unknown as Context;
  await info.run([], { json }, context);
  return text;
}

test("--json holds the integers of the paper's networks at 128 and at 240", async () => {
  const { networks } = JSON.parse(await printed(true)) as { networks: Record<string, unknown>[] };
  expect(networks.find(({ id }) => id === "M4")).toEqual({
    id: "M4",
    network: "transbts2d",
    config: { layers: 4 },
    task: "segment",
    dimensions: 2,
    parameters: { "128": 15_971_140, "240": 16_300_868 },
    macs: { "128": 4_922_015_744, "240": 19_678_003_200 },
    paperFlops: { "128": 4_978_933_760, "240": 19_878_105_600 },
    paper: { "128": { printed: "4.979", inputs: 1 }, "240": { printed: "19.878", inputs: 1 } },
  });
  expect(networks.map(({ id, task }) => `${id} ${task}`)).toEqual([
    "M1 segment",
    "M2 segment",
    "M3 segment",
    "M4 segment",
    "decision decide",
    "shufflenetv2-0.5x decide",
    "ghostnet-0.5x decide",
    "mobilenetv2-1.0 decide",
    "transunet segment",
    "swin-unet segment",
    "unet3d segment",
    "vnet segment",
    "vnet-deeper segment",
    "attention-unet3d segment",
    "residual-unet3d segment",
    "transbts3d segment",
  ]);
  expect(networks.find(({ id }) => id === "swin-unet")).toMatchObject({ macs: { "128": 1_941_700_608 } });
  expect(networks.find(({ id }) => id === "vnet")).toMatchObject({ dimensions: 3, macs: { "128": 744_119_861_248 } });
});

test("the README shows what is printed today", async () => {
  const lines = (await printed(false)).split("\n").filter(Boolean);
  const readme = readFileSync("README.md", "utf8");
  for (const line of lines) expect(readme).toContain(line);
});
