import { expect, test } from "vitest";
import { findFocus } from "./find-focus.ts";

const grid = { size: [3, 2, 2], spacing: [2, 1, 1], affine: [2, 0, 0, 10, 0, 1, 0, 0, 0, 0, 1, 5] } as const;

test("the middle of the slice with most voxels", () => {
  const data = Uint8Array.of(1, 0, 0, 0, 0, 0, /* z = 1 */ 0, 0, 0, 2, 4, 1);
  expect(findFocus({ grid, data })).toEqual([12, 1, 6]);
  expect(findFocus({ grid, data: new Uint8Array(12) })).toBeUndefined();
});
