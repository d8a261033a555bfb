import { expect, test } from "vitest";
import { countChoices, routeSlices } from "./slice-routing.ts";

test("two slices of two windows: choices, the costliest, FLOPs", () => {
  const choices = [0, 0, 2, 1];
  const decisions = choices.map((choice, i) => ({ slice: Math.floor(i / 2), window: i % 2, choice }));
  expect(routeSlices(decisions, [0, 10, 30], 2)).toEqual([
    { slice: 0, choices: [0, 0], costliest: 0, flops: 0 },
    { slice: 1, choices: [2, 1], costliest: 2, flops: 40 },
  ]);
});

test("cubes are told by their first slices", () => {
  const decisions = [{ slice: 0, window: 0, choice: 1 }];
  expect(routeSlices(decisions, [0, 10], 2)[1]).toEqual({ slice: 1, choices: [], costliest: 0, flops: 0 });
});

test.each<[number[], string]>([
  [[0, 2, 2], "1 skip, 2 M2"],
  [[1], "M1"],
  [[], "in cubes of other slices"],
])("%j is %s", (choices, words) => {
  expect(countChoices(choices, ["skip", "M1", "M2"])).toBe(words);
});
