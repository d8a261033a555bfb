import { expect, test } from "vitest";
import { moveToSlice, sliceAt } from "./frame-position.ts";

/** LPS, slices 2 mm apart; the second leans: each slice lies 1 mm further to the front. */
const upright = {
  size: [4, 4, 10],
  spacing: [1, 1, 2],
  affine: [-1, 0, 0, 5, 0, -1, 0, 6, 0, 0, 2, -3],
} as const;
const leaning = { ...upright, affine: [-1, 0, 0, 5, 0, -1, 1, 6, 0, 0, 2, -3] };

test.each([
  [-3, 0],
  [-1.1, 1],
  [99, 9],
  [-99, 0],
])("z = %d mm is slice %d", (z, slice) => {
  expect(sliceAt(upright, [0, 0, z])).toBe(slice);
});

test("a place moves along the slices' own axis into the middle of the slice", () => {
  expect(moveToSlice(upright, [1, 2, -1.1], 4)).toEqual([1, 2, 5]);
  expect(moveToSlice(leaning, [5, 6, -3], 3)).toEqual([5, 9, 3]);
  expect(sliceAt(leaning, moveToSlice(leaning, [0, 0, 0], 7))).toBe(7);
});
