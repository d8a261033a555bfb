import { expect, test } from "vitest";
import { assignSeriesColours, drawFigure, type Figure } from "./figure.ts";

const bars: Figure = {
  title: "Windows by label",
  mark: "bar",
  x: { label: "label" },
  y: { label: "windows" },
  points: [
    { x: "skip", y: 30, series: "skip" },
    { x: "M2", y: 10, series: "M2" },
    { x: "M1", y: 20, series: "M1" },
  ],
};

const attributes = (svg: string, element: string, name: string) =>
  Array.from(svg.matchAll(new RegExp(`<${element} [^>]*\\b${name}="([^"]*)"`, "g")), ([, value]) => value);

test("bars are as high as their values, in the order given, each in its series' colour", async () => {
  const svg = await drawFigure(bars);
  const [first, second, third] = attributes(svg, "rect", "height").map(Number) as [number, number, number];
  expect(first / second).toBeCloseTo(3, 6);
  expect(third / second).toBeCloseTo(2, 6);
  const lefts = attributes(svg, "rect", "x").map(Number);
  expect(lefts).toEqual(lefts.toSorted((a, b) => a - b));
  expect(attributes(svg, "rect", "fill")).toEqual(["var(--skip)", "var(--series-1)", "var(--series-2)"]);
});

test("an svg stands alone and says what it shows", async () => {
  const svg = await drawFigure(bars);
  const [root] = /^<svg [^>]*>/.exec(svg) ?? [];
  for (const attribute of ['xmlns="http://www.w3.org/2000/svg"', 'role="img"', 'aria-label="Windows by label"'])
    expect(root).toContain(attribute);
});

test("one line a series and panel", async () => {
  const points = ["ET", "WT"].flatMap((panel) =>
    ["M1", "M2"].flatMap((series) => [1, 2, 3].map((x) => ({ x, y: x, series, panel }))),
  );
  const svg = await drawFigure({ ...bars, mark: "line", points });
  expect(attributes(svg, "path", "stroke")).toEqual(["M1", "M2", "M1", "M2"].map((id) => `var(--series-${id[1]})`));
});

test("candidates have the same colour with and without skip", () => {
  const without = assignSeriesColours({ ...bars, points: bars.points.slice(1) });
  expect(assignSeriesColours(bars)).toEqual({ skip: "var(--skip)", ...without });
});
