/** @file The counts in docs/method.md are those of the networks that the paper's recipe builds. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { datasets } from "../src/data/index.ts";
import { measureNetwork } from "../src/nets/network.ts";
import { bratsPaper } from "../src/recipes/brats-paper.ts";
import { candidateSpecs, decisionSpec } from "../src/train/run.ts";

const toNumber = (cell: string) => Number(cell.replaceAll(",", ""));

/** Network, size, parameters, multiply-adds, paper count. */
const rows = Array.from(
  readFileSync("docs/method.md", "utf8").matchAll(/^\| (M\d|D) \| (\d+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|/gm),
  ([, id, ...cells]) => ({ id, counts: cells.map(toNumber) }),
);

test("the table has every network at both sizes", () => {
  expect(rows.map(({ id, counts }) => `${id} ${counts[0]}`)).toEqual(
    [128, 240].flatMap((size) => ["M1", "M2", "M3", "M4", "D"].map((id) => `${id} ${size}`)),
  );
});

test.each(rows)("$id: $counts", ({ id, counts: [inputSize, ...expected] }) => {
  const run = { recipe: { ...bratsPaper, inputSize: inputSize! }, dataset: datasets.brats };
  const { parameters, macs, paper } = measureNetwork({ ...candidateSpecs(run), D: decisionSpec(run) }[id!]!);
  expect([parameters, macs, paper]).toEqual(expected);
});
