import { describe, expect, test } from "vitest";
import type { Vec3 } from "./grid.ts";
import { copyWindow, takeSlice, windowStarts } from "./slice.ts";

const size: Vec3 = [3, 2, 2];
/** The value says where it lies: channel, z, y, x. */
const channel = (c: number) =>
  Float32Array.from(
    { length: 12 },
    (_, i) => 1000 * c + 100 * Math.floor(i / 6) + 10 * (Math.floor(i / 3) % 2) + (i % 3),
  );

test("a slice is its channels' planes with rows along x, in the channels' own memory", () => {
  const channels = [channel(1), channel(2)];
  const { planes, width } = takeSlice(channels, size, 1);
  expect(width).toBe(3);
  expect(planes.map((plane) => [...plane])).toEqual([
    [1100, 1101, 1102, 1110, 1111, 1112],
    [2100, 2101, 2102, 2110, 2111, 2112],
  ]);
  expect(planes[0].buffer).toBe(channels[0].buffer);
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

test("a window takes every channel at x, y", () => {
  const data = new Float32Array(8).fill(-1);
  copyWindow(takeSlice([channel(1), channel(2)], size, 0), { x: 1, y: 0, size: 2 }, data);
  expect([...data]).toEqual([1001, 1002, 1011, 1012, 2001, 2002, 2011, 2012]);
});
