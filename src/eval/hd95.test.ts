import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { squaredDistances } from "../volume/distance-transform.ts";
import type { Grid, Vec3 } from "../volume/grid.ts";
import { measureMasks } from "./case-metrics.ts";

interface Reference {
  readonly size: Vec3;
  readonly spacing: Vec3;
  readonly prediction: string;
  readonly truth: string;
  readonly edt: readonly number[];
  readonly hd95: number;
}
const references: Reference[] = JSON.parse(
  readFileSync(new URL("../../test/reference/hd95.json", import.meta.url), "utf8"),
);

const bits = (text: string) => Uint8Array.from(text, Number);
const gridOf = (size: Vec3, spacing: Vec3 = [1, 1, 1]): Grid => ({
  size,
  spacing,
  affine: [spacing[0], 0, 0, 0, 0, spacing[1], 0, 0, 0, 0, spacing[2], 0],
});

describe("against scipy", () => {
  it.each(references)("$size at $spacing mm", ({ size, spacing, prediction, truth, ...expected }) => {
    const distances = squaredDistances(bits(truth), size, spacing).map(Math.sqrt);
    distances.forEach((distance, i) => {
      expect(distance).toBeCloseTo(expected.edt[i], 5);
    });
    expect(measureMasks(bits(prediction), bits(truth), gridOf(size, spacing)).hd95).toBeCloseTo(expected.hd95, 9);
  });
});

describe("by hand", () => {
  it.each([
    { what: "the same voxel", prediction: "0100", truth: "0100", mm: 0 },
    { what: "two voxels apart", prediction: "1000", truth: "0010", mm: 4 },
    { what: "pooled distances 0, 0, 2: rank 1.9", prediction: "1100", truth: "0100", mm: 1.8 },
    { what: "both empty", prediction: "0000", truth: "0000", mm: 0 },
    { what: "prediction empty", prediction: "0000", truth: "0001", mm: 373.13 },
    { what: "truth empty", prediction: "1000", truth: "0000", mm: 373.13 },
  ])("$what, voxels of 2 mm", ({ prediction, truth, mm }) => {
    expect(measureMasks(bits(prediction), bits(truth), gridOf([4, 1, 1], [2, 1, 1])).hd95).toBeCloseTo(mm, 12);
  });

  it("pools both directions: the larger directed percentile would be 2.85", () => {
    // prediction -> truth: 0; truth -> prediction: 0, 1, 2, 3. Pooled 0, 0, 1, 2, 3 at rank 3.8: 2.8.
    expect(measureMasks(bits("1000"), bits("1111"), gridOf([4, 1, 1])).hd95).toBeCloseTo(2.8, 12);
  });
});

it("gives Infinity without any feature", () => {
  expect([...squaredDistances(new Uint8Array(2), [2, 1, 1], [1, 1, 1])]).toEqual([Infinity, Infinity]);
});
