import { describe, expect, test } from "vitest";
import { boundingBox } from "./bounding-box.ts";

describe("boundingBox", () => {
  test("ends after the last voxel", () => {
    const data = new Float32Array(4 * 3 * 5);
    for (const [x, y, z] of [
      [1, 2, 1],
      [2, 1, 3],
    ]) {
      data[x + 4 * (y + 3 * z)] = -0.5;
    }
    expect(boundingBox([4, 3, 5], data)).toEqual({ start: [1, 1, 1], end: [3, 3, 4] });
  });

  test("of the whole and of nothing", () => {
    expect(boundingBox([2, 2, 2], new Uint8Array(8).fill(1))).toEqual({ start: [0, 0, 0], end: [2, 2, 2] });
    expect(boundingBox([2, 2, 2], new Uint8Array(8))).toBeUndefined();
  });
});
