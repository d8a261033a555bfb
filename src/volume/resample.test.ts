import { describe, expect, test } from "vitest";
import reference from "../../test/reference/volume.json" with { type: "json" };
import { toWorld } from "./affine.ts";
import type { Grid, LabelMap, Vec3 } from "./grid.ts";
import { gridWithSpacing, resampleLabels, resampleVolume } from "./resample.ts";

const gridOf = (size: Vec3, [x, y, z]: Vec3): Grid => ({
  size,
  spacing: [x, y, z],
  affine: [-x, 0, 0, 12, 0, 0, z, 5, 0, -y, 0, -3],
});
const line = (values: readonly number[], spacing = 1): LabelMap => ({
  grid: gridOf([values.length, 1, 1], [spacing, 1, 1]),
  data: Uint8Array.from(values),
});

describe("gridWithSpacing", () => {
  test("keeps the field of view and its centre", () => {
    const grid = gridOf([240, 240, 155], [1, 1, 2]);
    const other = gridWithSpacing(grid, [1.2, 0.8, 1]);
    expect(other.size).toEqual([200, 300, 310]);
    const centre = ({ size, affine }: Grid) => toWorld(affine, size.map((n) => (n - 1) / 2) as unknown as Vec3);
    expect(centre(other)).toEqual(centre(grid).map((value) => expect.closeTo(value, 9)));
  });

  test("is the same grid where spacings agree within 0.1 %", () => {
    const grid = gridOf([3, 3, 3], [1, 1, 1]);
    expect(gridWithSpacing(grid, [1.0009, 1, 1])).toBe(grid);
    expect(gridWithSpacing(grid, [1.002, 1, 1])).not.toBe(grid);
  });
});

describe("resampleVolume", () => {
  test.each(reference.resampled)(
    "to $spacing as scipy's map_coordinates",
    ({ source, size, old, spacing, newSize, data }) => {
      const grid = gridOf(size as unknown as Vec3, old as unknown as Vec3);
      const volume = { grid, data: Float32Array.from(source) };
      const out = resampleVolume(volume, gridWithSpacing(grid, spacing as unknown as Vec3));
      expect(out.grid.size).toEqual(newSize);
      expect([...out.data]).toEqual(data.map((value) => expect.closeTo(value, 3)));
    },
  );

  test("halving the spacing puts two voxels around each old centre", () => {
    const volume = { grid: gridOf([2, 1, 1], [1, 1, 1]), data: Float32Array.of(0, 8) };
    expect([...resampleVolume(volume, gridWithSpacing(volume.grid, [0.5, 1, 1])).data]).toEqual([0, 2, 6, 8]);
  });

  test("refuses a grid with other axes", () => {
    const volume = { grid: gridOf([2, 2, 2], [1, 1, 1]), data: new Float32Array(8) };
    const mirrored = { ...volume.grid, affine: volume.grid.affine.map((value) => -value) };
    expect(() => resampleVolume(volume, mirrored)).toThrow(/same axes/);
    const turned = { ...volume.grid, affine: [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0] };
    expect(() => resampleVolume(volume, turned)).toThrow(/same axes/);
  });
});

describe("resampleLabels", () => {
  test("the greatest weight wins", () => {
    const labels = line([1, 4]);
    expect([...resampleLabels(labels, gridWithSpacing(labels.grid, [0.5, 1, 1])).data]).toEqual([1, 1, 4, 4]);
  });

  test("no label is invented between two, and ties go to the smaller", () => {
    const labels = line([4, 0, 4, 2]);
    expect([...resampleLabels(labels, gridWithSpacing(labels.grid, [2, 1, 1])).data]).toEqual([0, 2]);
  });

  test("several neighbours of one label outweigh the nearest one", () => {
    // at (1/4, 1/4) the corner 3 has weight 9/16, at the mirrored place the 1s have 15/16
    const labels: LabelMap = { grid: gridOf([2, 2, 1], [1, 1, 1]), data: Uint8Array.of(3, 1, 1, 1) };
    const fine = resampleLabels(labels, gridWithSpacing(labels.grid, [0.5, 0.5, 1]));
    expect([...fine.data]).toEqual([3, 3, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    const third = resampleLabels(labels, gridWithSpacing(labels.grid, [2 / 3, 2 / 3, 1]));
    expect([...third.data]).toEqual([3, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("a box comes back exactly to the grid it was refined from", () => {
    const grid = gridOf([6, 5, 4], [1, 1, 2]);
    const data = Uint8Array.from({ length: 120 }, (_, i) => (i % 6 > 1 && i % 6 < 5 ? 1 + Math.floor(i / 60) : 0));
    const fine = resampleLabels({ grid, data }, gridWithSpacing(grid, [0.5, 0.5, 0.5]));
    const back = resampleLabels(fine, grid);
    expect(back.grid).toBe(grid);
    expect(back.data).toEqual(data);
  });

  test("is the same map on the same grid", () => {
    const labels = line([1, 2]);
    expect(resampleLabels(labels, labels.grid)).toBe(labels);
  });
});
