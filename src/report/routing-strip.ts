/** @file The routing of a case as a strip: a column a slice, a cell a window, coloured by the choice. */

import type { WindowDecision } from "../infer/segment.ts";
import { type Canvas, drawText, fillRectangle, measureText, type Rectangle } from "./canvas.ts";
import { type Colour, page } from "./colour.ts";

/** The choice for one window of a slice. */
export type ChoiceCell = Pick<WindowDecision, "slice" | "window" | "choice">;

export const countWindows = (decisions: readonly ChoiceCell[]): number =>
  decisions.reduce((most, { window }) => Math.max(most, window + 1), 0);

/** Share of all decisions that each of the choices 0 ... `candidates` got. */
export function shareChoices(decisions: readonly ChoiceCell[], candidates: number): number[] {
  const counts = new Array<number>(candidates + 1).fill(0);
  for (const { choice } of decisions) counts[choice]++;
  return counts.map((count) => count / decisions.length);
}

/** Cells in `area`, slice 0 at the left; window 0 on top. A mark above each of the slices in `shown`, numbers below. */
export function drawRoutingStrip(
  canvas: Canvas,
  area: Rectangle,
  strip: { decisions: readonly ChoiceCell[]; depth: number; shown: readonly number[]; colours: readonly Colour[] },
): void {
  const { decisions, depth, shown, colours } = strip;
  const [cellWidth, cellHeight] = [area.width / depth, area.height / countWindows(decisions)];
  fillRectangle(canvas, area, page.background);
  const gap = cellWidth >= 4 && cellHeight >= 4 ? 1 : 0;
  for (const { slice, window, choice } of decisions) {
    const [left, right] = [slice, slice + 1].map((column) => Math.round(area.x + column * cellWidth));
    const [top, bottom] = [window, window + 1].map((row) => Math.round(area.y + row * cellHeight));
    const cell = { x: left, y: top, width: right - left - gap, height: bottom - top - gap };
    fillRectangle(canvas, cell, colours[choice]);
  }
  const middleOf = (slice: number) => Math.round(area.x + (slice + 0.5) * cellWidth);
  for (const slice of shown) drawMark(canvas, middleOf(slice), area.y - 3);
  const step = chooseTickStep(depth);
  for (let slice = 0; slice < depth; slice += step) {
    const style = { size: 9, colour: page.muted, align: "middle" } as const;
    drawText(canvas, String(slice), { ...style, x: middleOf(slice), y: area.y + area.height + 15 });
  }
}

/** The smallest of 1, 2, 5, 10, 20, 50, ... that leaves at most 16 numbers. */
function chooseTickStep(depth: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (depth / (factor * power) <= 16) return factor * power;
  }
}

/** A triangle that points down to (x, y). */
function drawMark(canvas: Canvas, x: number, y: number): void {
  for (let row = 0; row < 5; row++) {
    fillRectangle(canvas, { x: x - row, y: y - row - 1, width: 2 * row + 1, height: 1 }, page.text);
  }
}

const SWATCH = 11;

/** Coloured squares with words, one after the other, ending at `x`. */
export function drawLegend(
  canvas: Canvas,
  entries: readonly { text: string; colour: Colour }[],
  end: { x: number; y: number },
): void {
  const size = 11;
  const lengthOf = (text: string) => SWATCH + 7 + measureText(text, size) + 22;
  let x = end.x + 22 - entries.reduce((sum, { text }) => sum + lengthOf(text), 0);
  for (const { text, colour } of entries) {
    fillRectangle(canvas, { x, y: end.y - SWATCH, width: SWATCH, height: SWATCH }, colour);
    drawText(canvas, text, { x: x + SWATCH + 7, y: end.y, size, colour: page.text });
    x += lengthOf(text);
  }
}
