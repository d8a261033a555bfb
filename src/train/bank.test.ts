import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writePhantoms } from "../data/phantom.ts";
import { createNodeRuntime, nodeGzip, openFolder } from "../node/index.ts";
import type { Runtime } from "../platform.ts";
import { phantom } from "../recipes/phantom.ts";
import { trainBank } from "./bank.ts";
import type { LogEntry } from "./log.ts";
import { openRun } from "./open.ts";
import type { Recipe } from "./recipe.ts";

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "med-danet-bank-"));
  await writePhantoms(openFolder(join(folder, "data")), nodeGzip, { cases: 5, seed: 3, size: [32, 32, 8] });
  runtime = await createNodeRuntime({ threads: 1 });
});

const unet = { network: "unet2d", config: { base: 2 } };
const recipe: Recipe = {
  ...phantom,
  candidates: [
    { id: "M1", ...unet, trainedShare: 0.5 },
    { id: "M2", ...unet, trainedShare: 1, grow: { from: "M1", at: 0.25 } },
  ],
  bank: { ...phantom.bank, epochs: 4, stepsPerEpoch: 2, batch: 2, validateEvery: 1 },
};

async function trainIn(name: string, { changes = {}, stopAfter = Number.POSITIVE_INFINITY, resume = false }) {
  const out = openFolder(join(folder, name));
  await out.write("notes.txt", new Uint8Array());
  const stop = new AbortController();
  const run = await openRun({
    recipe: { ...recipe, bank: { ...recipe.bank, ...changes } },
    data: openFolder(join(folder, "data")),
    ...{ out, gzip: nodeGzip, runtime, resume, signal: stop.signal },
    onProgress: ({ stage, done, total, share }) => {
      if (stage !== "bank") return;
      expect(share).toBeGreaterThan(0);
      if (done === total) expect(share).toBe(1);
      if (done >= stopAfter) stop.abort(new Error("stopped"));
    },
  });
  const trained = await trainBank(run);
  const text = new TextDecoder().decode(await out.read("log.jsonl"));
  const log = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LogEntry & { loss: Record<string, number> });
  return { trained, log, files: await out.list() };
}

test("candidates train in their own part of the epochs, and a resumed run ends the same", async () => {
  const whole = await trainIn("whole", {});
  expect(whole.log.map(({ loss }) => Object.keys(loss))).toEqual([["M1"], ["M1", "M2"], ["M2"], ["M2"]]);
  expect(whole.trained["M1"]!.state.step).toBe(4);
  expect(whole.trained["M2"]!.state.step).toBe(6);

  await expect(trainIn("stopped", { stopAfter: 3 })).rejects.toThrow("stopped");
  const resumed = await trainIn("stopped", { resume: true });
  for (const id of ["M1", "M2"])
    expect(resumed.trained[id]!.state.parameters).toEqual(whole.trained[id]!.state.parameters);
});

test("the best weights by the cases set aside are kept, across a resume too", async () => {
  const changes = { selectionCases: 1 };
  const whole = await trainIn("best", { changes });
  const looks = whole.log.flatMap((entry) => {
    const found = (entry["selection"] as Record<string, Record<string, number>>)["M1"]!;
    return [{ step: entry.step, score: Object.values(found).reduce((a, b) => a + b) }];
  });
  const best = looks.reduce((a, b) => (b.score > a.score ? b : a));
  expect(whole.trained["M1"]!.state.step).toBe(Math.min(best.step, 4));
  expect(whole.files).toContain("checkpoints/best-M1.safetensors");

  await expect(trainIn("best-stopped", { changes, stopAfter: 5 })).rejects.toThrow("stopped");
  const resumed = await trainIn("best-stopped", { changes, resume: true });
  expect(resumed.trained["M2"]!.state.parameters).toEqual(whole.trained["M2"]!.state.parameters);
});
