/** Every system that the paper compares with goes the way of a bank: train, its ONNX file, segment, evaluate. */
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writePhantoms } from "../../src/data/phantom.ts";
import { cost } from "../../src/graph/cost.ts";
import { readOnnx } from "../../src/graph/onnx-read.ts";
import { networks } from "../../src/nets/index.ts";
import type { Network } from "../../src/nets/network.ts";
import { variants } from "../../src/nets/variants.ts";
import { nodeGzip, openFolder } from "../../src/node/index.ts";
import { type SystemId, systems } from "../../src/recipes/systems.ts";
import { runProgram } from "../run-program.ts";

async function run(...args: string[]) {
  const { code, stdout, stderr } = await runProgram(args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "med-danet-systems-"));
  for (const [name, cases] of Object.entries({ data: 2, unseen: 1 }))
    await writePhantoms(openFolder(join(root, name)), nodeGzip, { cases, seed: cases, size: [32, 32, 18] });
});

const ids = Object.keys(systems).filter((name) => !name.startsWith("phantom-")) as SystemId[];
const settings = ["bank.epochs=1", "bank.stepsPerEpoch=2", "bank.batch=2", "stride=16"];

test.each(ids)("%s", async (id) => {
  const [out, results, unseen] = [id, `${id}-results`, "unseen"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const recipe = ["--recipe", `phantom-${id}`, ...settings.flatMap((one) => ["--set", one])];
  await run("train", ...recipe, "--data", join(root, "data"), "--out", out);

  const bank = JSON.parse(await readFile(join(out, "bank", "bank.json"), "utf8"));
  const { dimensions = 2 } = networks[variants[id].network] as Network;
  expect(bank).not.toHaveProperty("decision");
  expect(bank.candidates).toMatchObject([{ id, network: variants[id].network }]);
  expect(bank.candidates[0].depth).toBe(dimensions === 3 ? 16 : undefined);
  const { outputs } = readOnnx(await readFile(join(out, "bank", `${id}.onnx`)), id);
  expect(cost(Object.values(outputs))).toEqual(bank.candidates[0].flops);

  const { cases } = JSON.parse(await run("segment", unseen, "--bank", join(out, "bank"), "--out", results, "--json"));
  // 16 voxels of 32 at a time within slices; 18 slices one by one, or in two cubes.
  const inputs = 4 * (dimensions === 3 ? 2 : 18);
  expect(cases).toMatchObject([{ policy: id, flops: { paper: inputs * bank.candidates[0].flops.paper } }]);
  const measured = await run("evaluate", "--truth", unseen, "--pred", results, "--dataset", "phantom", "--json");
  expect(measured).toContain("phantom_001");
});

test("the paper's protocol: crops of 128x128x128, as many slices an epoch as the 2D networks see", () => {
  const { inputSize, stride, bank } = systems.unet3d;
  expect({ inputSize, stride, epochs: bank.epochs, batch: bank.batch }).toEqual({
    ...{ inputSize: 128, stride: 128, epochs: 400, batch: 2 },
  });
  expect(Math.round((bank.stepsPerEpoch * bank.batch * 128) / 64)).toBeGreaterThanOrEqual(811);
  expect(systems.transunet.bank).toMatchObject({ batch: 64, stepsPerEpoch: 811, learningRate: 1e-4 });
});
