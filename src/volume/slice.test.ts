import { describe, expect, test } from "vitest";
import type { Grid } from "./grid.ts";
import { copySlice, copyWindow, putSlice, takeSlice, windowStarts } from "./slice.ts";

const grid: Grid = { size: [3, 2, 2], spacing: [1, 1, 1], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] };
/** The value says where it lies: channel, z, y, x. */
const channel = (c: number) => ({
  grid,
  data: Float32Array.from(
    { length: 12 },
    (_, i) => 1000 * c + 100 * Math.floor(i / 6) + 10 * (Math.floor(i / 3) % 2) + (i % 3),
  ),
});

describe("slices", () => {
  test("are [C, H, W] with H = y and W = x", () => {
    const { dims, data } = takeSlice([channel(1), channel(2)], 1);
    expect(dims).toEqual([2, 2, 3]);
    expect([...data]).toEqual([1100, 1101, 1102, 1110, 1111, 1112, 2100, 2101, 2102, 2110, 2111, 2112]);
  });

  test("go to their place in a batch", () => {
    const data = new Float32Array(14).fill(-1);
    copySlice([channel(1)], 0, { data, offset: 7 });
    expect([...data]).toEqual([-1, -1, -1, -1, -1, -1, -1, 1000, 1001, 1002, 1010, 1011, 1012, -1]);
  });

  test("of labels return to the volume", () => {
    const map = { grid, data: new Uint8Array(12) };
    putSlice(map, 1, Uint8Array.of(1, 2, 4, 0, 0, 1));
    expect([...map.data]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 4, 0, 0, 1]);
  });
});

describe("windowStarts", () => {
  test.each([
    { size: 240, window: 128, stride: 42, starts: [0, 42, 84, 112] },
    { size: 240, window: 240, stride: 42, starts: [0] },
    { size: 100, window: 128, stride: 42, starts: [0] },
    { size: 129, window: 128, stride: 42, starts: [0, 1] },
    { size: 212, window: 128, stride: 42, starts: [0, 42, 84] },
    { size: 16, window: 8, stride: 8, starts: [0, 8] },
  ])("$size in windows of $window by $stride", ({ size, window, stride, starts }) => {
    expect(windowStarts(size, window, stride)).toEqual(starts);
  });

  test("cover each pixel of a 240 row as often as the reference", () => {
    const cover = new Array<number>(240).fill(0);
    for (const start of windowStarts(240, 128, 42)) for (let i = start; i < start + 128; i++) cover[i]++;
    const runs = [42, 84, 112, 128, 170, 212].map((end) => cover[end - 1]);
    expect([...runs, cover[239]]).toEqual([1, 2, 3, 4, 3, 2, 1]);
  });
});

describe("copyWindow", () => {
  const slice = takeSlice([channel(1), channel(2)], 0);

  test("takes every channel at x, y", () => {
    const data = new Float32Array(9).fill(-1);
    copyWindow(slice, { x: 1, y: 0, size: 2 }, { data, offset: 1 });
    expect([...data]).toEqual([-1, 1001, 1002, 1011, 1012, 2001, 2002, 2011, 2012]);
  });

  test("is zero beyond the slice, whatever the buffer held", () => {
    const data = new Float32Array(18).fill(-1);
    copyWindow(slice, { x: 0, y: 0, size: 3 }, { data, offset: 0 });
    expect([...data]).toEqual([
      1000, 1001, 1002, 1010, 1011, 1012, 0, 0, 0, 2000, 2001, 2002, 2010, 2011, 2012, 0, 0, 0,
    ]);
  });
});
