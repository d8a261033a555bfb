import { describe, expect, test } from "vitest";
import { toWorld } from "./affine.ts";
import { fitStart, fitTo, undoFit } from "./fit.ts";
import type { Grid, Vec3 } from "./grid.ts";

const grid: Grid = { size: [4, 3, 2], spacing: [1, 2, 3], affine: [-1, 0, 0, 9, 0, -2, 0, 8, 0, 0, 3, 7] };
const volume = { grid, data: Float32Array.from({ length: 24 }, (_, i) => i + 1) };
const box = (start: Vec3, end: Vec3) => ({ start, end });

describe("fitStart", () => {
  test.each([
    { whole: 10, size: 4, from: 3, to: 7, start: 3, why: "crop around the centre of the box" },
    { whole: 10, size: 4, from: 0, to: 2, start: 0, why: "crop kept inside at the lower border" },
    { whole: 10, size: 4, from: 8, to: 10, start: 6, why: "crop kept inside at the upper border" },
    { whole: 10, size: 14, from: 3, to: 7, start: -2, why: "padding around the centre of the box" },
    { whole: 10, size: 12, from: 0, to: 2, start: -2, why: "padding that keeps the whole volume, low" },
    { whole: 10, size: 12, from: 8, to: 10, start: 0, why: "padding that keeps the whole volume, high" },
    { whole: 10, size: 10, from: 0, to: 3, start: 0, why: "nothing to do" },
  ])("$why", ({ whole, size, from, to, start }) => {
    const found = fitStart([whole, 1, 1], [size, 1, 1], box([from, 0, 0], [to, 1, 1]));
    expect(found).toEqual([start, 0, 0]);
  });
});

describe("fitTo", () => {
  test("crops one axis and pads another", () => {
    const fitted = fitTo(volume, [2, 5, 2], [1, -1, 0]);
    expect([...fitted.data.subarray(0, 10)]).toEqual([0, 0, 2, 3, 6, 7, 10, 11, 0, 0]);
    expect([...fitted.data.subarray(10)]).toEqual([0, 0, 14, 15, 18, 19, 22, 23, 0, 0]);
  });

  test("keeps the world coordinates", () => {
    const fitted = fitTo(volume, [2, 5, 2], [1, -1, 0]);
    expect(toWorld(fitted.grid.affine, [0, 1, 1])).toEqual(toWorld(grid.affine, [1, 0, 1]));
    expect(fitted.grid.spacing).toEqual(grid.spacing);
  });

  test("padding is undone exactly, cropping up to what was dropped", () => {
    const padded = fitTo(volume, [6, 7, 5], [-1, -2, -3]);
    expect(undoFit(padded, [-1, -2, -3], grid)).toEqual(volume);
    const cropped = fitTo(volume, [3, 3, 1], [1, 0, 1]);
    const kept = volume.data.map((value, i) => (i % 4 >= 1 && i >= 12 ? value : 0));
    expect(undoFit(cropped, [1, 0, 1], grid)).toEqual({ grid, data: kept });
  });

  test("labels stay labels, and a box beside the volume is empty", () => {
    const labels = { grid, data: new Uint8Array(24).fill(4) };
    expect(fitTo(labels, [1, 1, 1], [3, 2, 1]).data).toEqual(Uint8Array.of(4));
    expect(fitTo(labels, [1, 1, 1], [7, 0, 0]).data).toEqual(Uint8Array.of(0));
  });
});
