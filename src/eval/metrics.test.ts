import { describe, expect, it } from "vitest";
import type { Grid } from "../volume/grid.ts";
import { measureMasks } from "./case-metrics.ts";
import type { MetricName } from "./index.ts";
import { percentile } from "./percentile.ts";

const bits = (text: string) => Uint8Array.from(text, Number);
const measure = (name: MetricName, prediction: string, truth: string) => {
  const grid: Grid = { size: [truth.length, 1, 1], spacing: [1, 1, 1], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] };
  return measureMasks(bits(prediction), bits(truth), grid)[name];
};

describe.each<[prediction: string, truth: string, values: Partial<Record<MetricName, number>>]>([
  // TP 1, FP 1, FN 2, TN 1
  ["11000", "10110", { dice: 2 / 5, sensitivity: 1 / 3, specificity: 1 / 2 }],
  ["01100", "01100", { dice: 1, sensitivity: 1, specificity: 1, hd95: 0 }],
  ["00000", "00000", { dice: 1, sensitivity: 1, specificity: 1, hd95: 0 }],
  ["00100", "00000", { dice: 0, sensitivity: 0, specificity: 4 / 5, hd95: 373.13 }],
  ["00000", "00100", { dice: 0, sensitivity: 0, specificity: 1, hd95: 373.13 }],
  ["11111", "11111", { dice: 1, sensitivity: 1, specificity: 1, hd95: 0 }],
  ["11110", "11111", { sensitivity: 4 / 5, specificity: 0 }],
])("prediction %s, truth %s", (prediction, truth, values) => {
  it.each(Object.entries(values) as [MetricName, number][])("%s = %d", (name, value) => {
    expect(measure(name, prediction, truth)).toBeCloseTo(value, 12);
  });
});

it.each([
  [0, 1],
  [50, 2.5],
  [95, 8.95],
  [100, 10],
])("percentile %d of 1, 2, 3, 10 is %d", (p, value) => {
  expect(percentile([1, 2, 3, 10], p)).toBeCloseTo(value, 12);
});

it("takes the percentile of one value", () => {
  expect(percentile([7], 95)).toBe(7);
});
