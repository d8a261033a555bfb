/** The whole system on synthetic volumes in seconds: data, training, bank folder, dynamic inference, evaluation. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBank } from "../src/danet/bank.ts";
import { datasets } from "../src/data/index.ts";
import { findCases, loadCase } from "../src/data/load.ts";
import { writePhantoms } from "../src/data/phantom.ts";
import { prepareCase } from "../src/data/prepare.ts";
import { measureCase } from "../src/eval/case-metrics.ts";
import { openNetworks } from "../src/infer/networks.ts";
import { segmentCase } from "../src/infer/segment.ts";
import { createNodeRuntime, nodeGzip, openFolder } from "../src/node/index.ts";
import { recipes } from "../src/recipes/index.ts";
import { openRun } from "../src/train/open.ts";
import { train } from "../src/train/train.ts";

test("a bank trained on phantoms segments a phantom that it never saw", async () => {
  const folder = await mkdtemp(join(tmpdir(), "med-danet-tiny-"));
  const [data, out, bankFolder] = ["data", "out", "out/bank"].map((name) => openFolder(join(folder, name)));
  await writePhantoms(data!, nodeGzip, { cases: 5, seed: 1, size: [32, 32, 16] });
  const runtime = await createNodeRuntime();
  await out!.write("notes.txt", new Uint8Array()); // an output folder exists before a training
  const run = await openRun({
    recipe: recipes.phantom,
    data: data!,
    out: out!,
    gzip: nodeGzip,
    runtime,
    resume: false,
  });
  expect([run.training.length, run.validation.length]).toEqual([4, 1]);
  await train(run, { bankFolder: bankFolder!, version: "test" });

  const bank = await readBank(bankFolder!);
  const dataset = datasets.phantom;
  const files = (await findCases(dataset, data!)).find(({ id }) => id === run.validation[0]!.id)!;
  const raw = await loadCase(files, data!, { dataset, gzip: nodeGzip, truth: true });
  const prepared = prepareCase(raw, dataset);
  const networks = openNetworks(bank, runtime);
  const dynamic = await segmentCase(prepared, bank, { networks });
  const always = await segmentCase(prepared, bank, { networks, policy: "M2" });
  await networks.release();

  const grid = raw.source.grid;
  const dice = (classes: Uint8Array) =>
    measureCase({
      prediction: prepared.restore(classes),
      truth: { grid, data: raw.truth! },
      regions: dataset.regions,
    })["WT"]!["dice"]!;
  expect(dynamic.decisions).toHaveLength(16 * 9); // 9 windows of 16 x 16 a slice
  expect(dice(dynamic.classes)).toBeGreaterThan(0.7);
  expect(dice(dynamic.classes)).toBeGreaterThan(dice(always.classes) - 0.15);
  expect(dynamic.activation["skip"]).toBeGreaterThan(0.1);
  expect(dynamic.flops.paper).toBeLessThan(always.flops.paper);
  expect(always.flops.paper).toBe(always.flops.alwaysLargest.paper);
});
