import { expect, test } from "vitest";
import type { Bank } from "../danet/bank.ts";
import { countLost } from "./lost.ts";

const bank = { labels: [0, 1, 4], regions: { ET: [4], WT: [1, 4] }, inputSize: [2, 2], stride: 1 } as unknown as Bank;
// Slices of 3 x 2: windows at columns 0 and 1 share the middle column.
const truth = Uint8Array.from("120 000 012 000".replaceAll(" ", ""), Number);
const decide = (choices: string) =>
  [...choices].map((choice, i) => ({ slice: Math.floor(i / 2), window: i % 2, choice: Number(choice) }));

test.each([
  ["1111", { ET: { lost: 0, total: 2 }, WT: { lost: 0, total: 4 } }],
  ["0000", { ET: { lost: 2, total: 2 }, WT: { lost: 4, total: 4 } }],
  ["0110", { ET: { lost: 1, total: 2 }, WT: { lost: 2, total: 4 } }], // the outer columns of both
])("decisions %s", (choices, expected) => {
  expect(countLost(truth, bank, { size: [3, 2, 2], setting: "window", decisions: decide(choices) })).toEqual(expected);
});

test("whole slices", () => {
  const decisions = [0, 1].map((slice) => ({ slice, window: 0, choice: slice }));
  expect(countLost(truth, bank, { size: [3, 2, 2], setting: "full", decisions }).WT).toEqual({ lost: 2, total: 4 });
});
