import { expect, it } from "vitest";
import { type Canvas, createCanvas, drawText, fillRectangle, measureText } from "./canvas.ts";
import type { Colour } from "./colour.ts";
import { glyphOf } from "./font.ts";

const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];

/** Rows of a canvas as text: # for more than half white. */
const show = ({ width, height, pixels }: Canvas) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixels[3 * (x + width * y)] > 127 ? "#" : ".")).join(""),
  );

it("fills between rounded edges and inside the canvas only", () => {
  const canvas = createCanvas(5, 3, black);
  fillRectangle(canvas, { x: 1.4, y: 0.6, width: 9, height: 1 }, [255, 10, 20]);
  expect(show(canvas)).toEqual([".....", ".####", "....."]);
  expect([...canvas.pixels.subarray(3 * 6, 3 * 7)]).toEqual([255, 10, 20]);
});

it("writes an L whose foot stands on the baseline", () => {
  const canvas = createCanvas(10, 15, black);
  drawText(canvas, "L", { x: 2, y: 13, size: 12, colour: white });
  const rows = show(canvas);
  expect(rows[5].startsWith(".##") || rows[5].startsWith("..#") || rows[5].startsWith(".#.")).toBe(true);
  expect(rows[5].indexOf("#", 4)).toBe(-1);
  expect(rows.findLastIndex((row) => row.includes("#####"))).toBeGreaterThanOrEqual(12);
});

it("turns upward text by a quarter to the left", () => {
  const upright = createCanvas(40, 40, black);
  drawText(upright, "Lg7", { x: 5, y: 20, size: 12, colour: white });
  const turned = createCanvas(40, 40, black);
  drawText(turned, "Lg7", { x: 20, y: 35, size: 12, colour: white, upwards: true });
  const back = show(turned);
  const expected = show(upright);
  for (let y = 0; y < 40; y++) for (let x = 0; x < 40; x++) expect(back[39 - x][y], `${x}, ${y}`).toBe(expected[y][x]);
});

it.each(["start", "middle", "end"] as const)("aligns by the %s", (align) => {
  const canvas = createCanvas(60, 20, black);
  const length = drawText(canvas, "HH", { x: 30, y: 15, size: 12, colour: white, align });
  expect(length).toBe(measureText("HH", 12));
  const columns = show(canvas)
    .map((row) => row.indexOf("#"))
    .filter((x) => x >= 0);
  const left = { start: 30, middle: 30 - length / 2, end: 30 - length }[align];
  expect(Math.abs(Math.min(...columns) - left)).toBeLessThanOrEqual(1);
});

it("has digits of one width", () => {
  expect(new Set([..."0123456789"].map((digit) => glyphOf(digit).width))).toEqual(new Set([7]));
});

it("draws each character its own way, and a box for an unknown one", () => {
  const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-_/()%+=·'";
  const drawings = [...characters].map((character) => JSON.stringify(glyphOf(character).strokes));
  const box = JSON.stringify(glyphOf("\u{1f9e0}").strokes);
  // I and l are the same stroke.
  expect(new Set([...drawings, box]).size).toBe(characters.length);
  expect(glyphOf("\u{1f9e0}").strokes[0]).toHaveLength(5);
});
