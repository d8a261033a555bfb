import { expect, it } from "vitest";
import { UserError } from "../error.ts";
import type { LabelMap } from "../volume/grid.ts";
import { measureCase } from "./case-metrics.ts";

const regions = { ET: [4], TC: [1, 4], WT: [1, 2, 4] };
const affine = [-1, 0, 0, 0, 0, -1, 0, 239, 0, 0, 1, 0];
const line = (...labels: number[]): LabelMap => ({
  grid: { size: [labels.length, 1, 1], spacing: [1, 1, 1], affine },
  data: Uint8Array.from(labels),
});

it("measures each region as its set of labels", () => {
  const measured = measureCase({ prediction: line(0, 2, 1, 1, 4), truth: line(2, 2, 2, 1, 1), regions });
  expect(Object.keys(measured)).toEqual(["ET", "TC", "WT"]);
  expect(measured["ET"]).toEqual({ dice: 0, hd95: 373.13, sensitivity: 0, specificity: 4 / 5 });
  // TC: 00111 against 00011; WT: 01111 against 11111
  expect(measured["TC"]).toMatchObject({ dice: 4 / 5, sensitivity: 1, specificity: 2 / 3 });
  expect(measured["WT"]).toMatchObject({ dice: 8 / 9, sensitivity: 4 / 5, specificity: 0 });
});

it("takes an affine that differs by rounding only", () => {
  const truth = line(1, 0);
  const rounded = { ...truth, grid: { ...truth.grid, affine: affine.map((a) => a + 1e-5) } };
  expect(measureCase({ prediction: rounded, truth, regions })["WT"].dice).toBe(1);
});

it.each([
  ["another size", line(0, 0, 0), /prediction is 3x1x1, truth is 2x1x1/],
  ["another affine", { ...line(0, 0), grid: { ...line(0, 0).grid, affine: affine.map((a) => -a) } }, /same affine/],
  ["an unknown label", line(0, 3), /prediction: labels must be 0 or belong to a region \(1, 2, 4\), found 3/],
])("refuses %s", (_, prediction, message) => {
  const refused = () => measureCase({ prediction, truth: line(0, 0), regions });
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(message);
});
