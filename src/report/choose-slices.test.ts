import { describe, expect, it } from "vitest";
import type { Grid, LabelMap, Volume } from "../volume/grid.ts";
import { boundBrain, chooseSlices, liftSlices, pickSlices } from "./choose-slices.ts";

const gridOf = (depth: number): Grid => ({
  size: [1, 1, depth],
  spacing: [1, 1, 1],
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
});
const column = (text: string): LabelMap => ({ grid: gridOf(text.length), data: Uint8Array.from(text, Number) });
const image = (text: string): Volume => ({ grid: gridOf(text.length), data: Float32Array.from(text, Number) });

describe.each([
  { what: "middles of three equal parts", prediction: "0111111111", slices: [2, 5, 8] },
  { what: "the truth's slices first", prediction: "1110000000", truth: "0000011111", slices: [5, 7, 9] },
  { what: "the prediction where the truth is empty", prediction: "1111110000", truth: "0000000000", slices: [1, 3, 5] },
  { what: "neighbours of a small tumour", prediction: "0000020000", slices: [4, 5, 6] },
  { what: "neighbours inside the volume", prediction: "0000000001", slices: [7, 8, 9] },
  { what: "the middle of the brain without tumour", prediction: "0000000000", slices: [3, 5, 7] },
  { what: "no more slices than there are", prediction: "01", slices: [0, 1] },
])("$what", ({ prediction, truth, slices }) => {
  it(`gives ${slices}`, () => {
    const brain = image("0055555550".slice(0, prediction.length));
    const maps = { prediction: column(prediction), truth: truth === undefined ? undefined : column(truth) };
    expect(chooseSlices({ image: brain, background: 0, ...maps, count: 3 })).toEqual(slices);
  });
});

it("picks slices, and lifts what is not background above 0", () => {
  const picked = pickSlices({ grid: gridOf(4), data: Float32Array.of(9, 0, -2, 3) }, [1, 2, 3]);
  expect(picked.grid.size).toEqual([1, 1, 3]);
  expect([...liftSlices(picked, 0).data]).toEqual([0, 1, 6]);
  expect([...liftSlices({ grid: gridOf(1), data: Float32Array.of(0) }, 0).data]).toEqual([0]);
});

it("bounds the brain with 5 mm around", () => {
  const data = new Float32Array(20 * 20 * 2);
  const grid: Grid = { ...gridOf(2), size: [20, 20, 2], spacing: [2.5, 1, 1] };
  expect(boundBrain({ grid, data })).toEqual({ start: [0, 0, 0], end: [20, 20, 2] });
  data[8 + 20 * 9] = 1;
  expect(boundBrain({ grid, data })).toEqual({ start: [6, 4, 0], end: [11, 15, 2] });
  data[400 + 19] = 1;
  expect(boundBrain({ grid, data })).toEqual({ start: [6, 0, 0], end: [20, 15, 2] });
});
