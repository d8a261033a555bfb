import { expect, test } from "vitest";
import { meanByLabel } from "./expected-dice.ts";

const window = { case: 0, slice: 0, x: 0, y: 0 };
const labels = [
  { ...window, choice: 0 },
  { ...window, choice: 1, dice: [0.5, 0.25] },
  { ...window, choice: 1, dice: [1, 0.75] },
];

test("a row a label, a column an action; a label without windows gets the mean of all with foreground", () => {
  expect(meanByLabel(labels, [0.875, 0.625])).toEqual([
    [1, 0.875, 0.625],
    [0, 0.75, 0.5],
    [0, 0.75, 0.5],
  ]);
});

test("without any foreground nothing is expected of a candidate there", () => {
  expect(meanByLabel(labels.slice(0, 1), [0.5])).toEqual([
    [1, 0.5],
    [0, 0],
  ]);
});
