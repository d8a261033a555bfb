/** Real cases, where they are installed: see the README of the shared data. */
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { expandCase } from "../../test/expand-case.ts";
import { openFolder } from "../node/folder.ts";
import { nodeGzip as gzip } from "../node/gzip.ts";
import { brats } from "./brats.ts";
import { compactCase } from "./compact.ts";
import { decathlon } from "./decathlon.ts";
import { readSplit } from "./folds.ts";
import { findCases, loadCase } from "./load.ts";
import { prepareCase } from "./prepare.ts";

const path = fileURLToPath(new URL("../../../shared/data/brats", import.meta.url));
const present = existsSync(path);
if (!present) console.warn("real.test.ts: skipped, ../shared/data/brats is not here");

describe.skipIf(!present)("real BraTS cases", () => {
  const folder = openFolder(path);

  test("all 30 are recognised, complete and with truth, and the split file fits them", async () => {
    const cases = await findCases(brats, folder);
    const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(cases.map(({ id }) => id)).toEqual(folders.map(({ name }) => name).sort());
    expect(cases).toHaveLength(30);
    expect(cases.every(({ problem, truth, id }) => problem === undefined && truth === `${id}/${id}_seg.nii.gz`)).toBe(
      true,
    );
    const split = readSplit(
      await folder.read("split.json"),
      cases.map(({ id }) => id),
      "split.json",
    );
    expect([split.train.length, split.validation.length]).toEqual([26, 4]);
  });

  test("one is prepared: mean 0 and sd 1 over the brain, labels come back exactly, compact within 1e-3 sd", async () => {
    const files = (await findCases(brats, folder)).find(({ id }) => id === "BraTS2021_01481")!;
    const raw = await loadCase(files, folder, { dataset: brats, gzip, truth: true });
    const prepared = prepareCase(raw, brats);
    expect(prepared.size).toEqual([240, 240, 155]);
    for (const channel of prepared.channels) {
      const { mean, sd } = describeBrain(channel, raw.mask);
      expect(mean).toBeCloseTo(0, 5);
      expect(sd).toBeCloseTo(1, 5);
    }
    const back = prepared.restore(prepared.truth!);
    expect(back.grid).toEqual(raw.source.grid);
    expect(Buffer.compare(back.data, raw.truth!)).toBe(0);
    const expanded = expandCase(compactCase(prepared));
    expect(Buffer.compare(expanded.truth!, prepared.truth!)).toBe(0);
    const errors = expanded.channels.map((channel, c) => largestDifference(channel, prepared.channels[c]));
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  });
});

function describeBrain(channel: Float32Array, mask: Uint8Array) {
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    count += 1;
    sum += channel[i];
    squares += channel[i] ** 2;
  }
  return { mean: sum / count, sd: Math.sqrt(squares / count - (sum / count) ** 2) };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const hippocampus = fileURLToPath(new URL("../../../shared/data/hippocampus", import.meta.url));
const installed = existsSync(hippocampus);
if (!installed) console.warn("real.test.ts: skipped, ../shared/data/hippocampus is not here");

test.skipIf(!installed)("the Decathlon's hippocampus: 259 cases in squares of 64", { timeout: 300_000 }, async () => {
  const folder = openFolder(hippocampus);
  const dataset = await decathlon.open(folder, gzip);
  expect(dataset.regions).toEqual({ Anterior: [1], Posterior: [2] });
  expect(dataset.frame).toEqual({ orientation: "RAS", spacing: [1, 1, null], sliceSize: [64, 64] });
  expect(dataset.normalization).toEqual([{ kind: "zscore", over: "all" }]);
  expect(await findCases(dataset, folder)).toHaveLength(259);
});
