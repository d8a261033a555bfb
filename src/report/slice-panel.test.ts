import { expect, it } from "vitest";
import type { Grid } from "../volume/grid.ts";
import { createCanvas } from "./canvas.ts";
import { drawPanel, findGrayRange, type Panel } from "./slice-panel.ts";

const gridOf = (width: number, height: number): Grid => ({
  size: [width, height, 1],
  spacing: [1, 1, 1],
  affine: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0],
});

function draw(panel: { image: number[]; labels: number[]; width: number }, frame: { width: number; height: number }) {
  const grid = gridOf(panel.width, panel.image.length / panel.width);
  const whole: Panel = {
    image: { grid, data: Float32Array.from(panel.image) },
    labels: { grid, data: Uint8Array.from(panel.labels) },
    slice: 0,
    part: { start: [0, 0, 0], end: grid.size },
    range: { black: 0, white: 100 },
    colours: { 1: [255, 0, 0], 2: [0, 0, 255] },
  };
  const canvas = createCanvas(frame.width, frame.height, [9, 9, 9]);
  drawPanel(canvas, { x: 0, y: 0, ...frame }, whole);
  return (x: number, y: number) => [...canvas.pixels.subarray(3 * (x + frame.width * y)).subarray(0, 3)];
}

it("scales gray from black to white and keeps the rest inside", () => {
  const at = draw({ image: [-50, 100, 400, 20], labels: [0, 0, 0, 0], width: 2 }, { width: 8, height: 8 });
  expect(at(0, 0)).toEqual([0, 0, 0]);
  expect(at(7, 0)).toEqual([255, 255, 255]);
  expect(at(0, 7)).toEqual([255, 255, 255]);
  expect(at(7, 7)).toEqual([51, 51, 51]);
});

it("tints the inside of a label by 30 % and draws its border firmly", () => {
  const at = draw({ image: [100, 100], labels: [1, 2], width: 2 }, { width: 16, height: 8 });
  expect(at(2, 4)).toEqual([255, 178, 178]);
  expect(at(7, 4)).toEqual([255, 12, 12]);
  expect(at(8, 4)).toEqual([12, 12, 255]);
  expect(at(13, 4)).toEqual([178, 178, 255]);
});

it("keeps the shape: a wide slice leaves black above and below", () => {
  const at = draw({ image: [100, 100], labels: [0, 0], width: 2 }, { width: 8, height: 8 });
  expect(at(4, 1)).toEqual([0, 0, 0]);
  expect(at(4, 4)).toEqual([255, 255, 255]);
  expect(at(4, 6)).toEqual([0, 0, 0]);
});

it("takes the gray range from the brain alone", () => {
  const data = new Float32Array(1000);
  for (let i = 0; i < 201; i++) data[i] = 100 + i;
  // Percentiles of 100 ... 300: 1 % is 102, 99.5 % is 299; black lies at 0.6 of 102.
  const range = findGrayRange({ grid: gridOf(1000, 1), data });
  expect(range.black).toBeCloseTo(61.2, 9);
  expect(range.white).toBeCloseTo(299, 9);
  expect(findGrayRange({ grid: gridOf(1, 1), data: Float32Array.of(0) })).toEqual({ black: 0, white: 1 });
});
