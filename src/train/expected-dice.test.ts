import { expect, test } from "vitest";
import { meanByLabel, ratioOfLabels } from "./expected-dice.ts";

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

test.each([
  // A quarter of the windows has tumour, a half of the draws: background occurs 3 times as often for its share, 1.5 to 0.5.
  ["drawn half and half", [0, 0, 0, 1], 0.5, [1.5 / 0.5, 0.5, 0.5 / 2]],
  ["drawn as they come", [0, 0, 0, 2], 0.25, [1 / 0.5, 1, 1 / 2]],
  ["no tumour at all", [0, 0], 0.5, [1 / 0.5, 1, 1 / 2]],
])("windows %s", (_, choices, tumourWindows, expected) => {
  const drawn = choices.map((choice) => ({ ...window, choice }));
  expect(ratioOfLabels(drawn, { tumourWindows, classWeights: [0.5, 1, 2] })).toEqual(expected);
});
