import { expect, test } from "vitest";
import type { CompactCase } from "../data/compact.ts";
import { checkDecisions } from "./check-decision.ts";

// A slice of 6 x 2 that begins at x = 1: tumour at x = 2, y = 0 and at x = 4, y = 1. Windows of 4 at x = 0 and x = 2.
const truth = Uint8Array.from([0, 1, 0, 0, 0, 0, /**/ 0, 0, 0, 3, 0, 0]);
const source: CompactCase = {
  ...{ id: "a", size: [8, 8, 5], box: { start: [1, 0, 3], size: [6, 2, 1] } },
  ...{ steps: [1], voxels: new Int16Array(12), truth },
};
const label = (x: number, choice: number, slice = 3) => ({ case: 0, slice, x, y: 0, choice });
const labels = [label(0, 2), label(2, 1), label(0, 0, 0)];
const checkOf = (choices: readonly number[]) =>
  checkDecisions({ choices, labels, cases: [source], size: 4, actions: 3 });

test("windows by label and decision", () => {
  expect(checkOf([1, 1, 0]).confusion).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0, 1, 0],
  ]);
});

// The first window holds one tumour voxel, the second both.
test.each([
  ["all run", [1, 1, 0], { tumourRecall: 1, skippedTumour: 0, lostTumour: 0 }],
  ["the other window saves the voxel", [0, 2, 0], { tumourRecall: 0.5, skippedTumour: 1 / 3, lostTumour: 0 }],
  [
    "a voxel that only one window holds is lost",
    [1, 0, 0],
    { tumourRecall: 0.5, skippedTumour: 2 / 3, lostTumour: 0.5 },
  ],
  ["all skip", [0, 0, 0], { tumourRecall: 0, skippedTumour: 1, lostTumour: 1 }],
])("what skips cost: %s", (_, choices, expected) => {
  expect(checkOf(choices)).toMatchObject(expected);
});

test("without tumour there are no shares", () => {
  const found = checkDecisions({ choices: [1], labels: [label(0, 0, 0)], cases: [source], size: 4, actions: 3 });
  expect(found).toMatchObject({ tumourRecall: null, skippedTumour: null, lostTumour: null });
});
