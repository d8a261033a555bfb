import { expect, it } from "vitest";
import { createCanvas } from "./canvas.ts";
import { assignChoiceColours, assignLabelColours, type Colour, page } from "./colour.ts";
import { countWindows, drawRoutingStrip, shareChoices } from "./routing-strip.ts";

const decisions = [
  { slice: 0, window: 0, choice: 0 },
  { slice: 0, window: 1, choice: 2 },
  { slice: 1, window: 0, choice: 1 },
  { slice: 1, window: 1, choice: 0 },
];

it("counts windows and shares", () => {
  expect(countWindows(decisions)).toBe(2);
  expect(shareChoices(decisions, 3)).toEqual([0.5, 0.25, 0.25, 0]);
});

it("colours the cell of each window, window 0 on top", () => {
  const colours: Colour[] = [page.line, [1, 2, 3], [4, 5, 6]];
  const canvas = createCanvas(40, 80, page.background);
  drawRoutingStrip(canvas, { x: 0, y: 20, width: 40, height: 40 }, { decisions, depth: 2, shown: [1], colours });
  const at = (x: number, y: number) => [...canvas.pixels.subarray(3 * (x + 40 * y), 3 * (x + 40 * y) + 3)];
  expect([at(5, 25), at(5, 45), at(25, 25), at(25, 45)]).toEqual([page.line, [4, 5, 6], [1, 2, 3], page.line]);
  // the mark above slice 1, and none above slice 0
  expect(at(30, 15)).toEqual([...page.text]);
  expect(at(10, 15)).toEqual([...page.background]);
});

it.each([1, 2, 4, 6])("gives %d candidates colours of rising lightness", (count) => {
  const lightness = assignChoiceColours(count).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  expect(lightness).toHaveLength(count + 1);
  expect(lightness).toEqual([...lightness].sort((a, b) => a - b));
  expect(new Set(lightness).size).toBe(count + 1);
});

it("gives every label a colour of its own", () => {
  const colours = assignLabelColours([1, 2, 4]);
  expect(Object.keys(colours)).toEqual(["1", "2", "4"]);
  expect(new Set(Object.values(colours)).size).toBe(3);
});
