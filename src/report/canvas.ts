/** @file An RGB picture in memory, rectangles on it, and antialiased text. */

import type { Colour } from "./colour.ts";
import { CAP_HEIGHT, glyphOf, LETTER_GAP, type Stroke } from "./font.ts";

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row from the top. */
  readonly pixels: Uint8Array;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TextStyle {
  readonly colour: Colour;
  /** Height of a capital letter, pixels. */
  readonly size: number;
  readonly bold?: boolean;
  /** Which end of the text lies at the given place. */
  readonly align?: "start" | "middle" | "end";
  /** Runs upwards instead of to the right. */
  readonly upwards?: boolean;
}

export function createCanvas(width: number, height: number, background: Colour): Canvas {
  const canvas = { width, height, pixels: new Uint8Array(3 * width * height) };
  fillRectangle(canvas, { x: 0, y: 0, width, height }, background);
  return canvas;
}

/** Fills the pixels between the rounded edges of the rectangle. */
export function fillRectangle(canvas: Canvas, area: Rectangle, colour: Colour): void {
  const [left, right] = [Math.max(0, Math.round(area.x)), Math.min(canvas.width, Math.round(area.x + area.width))];
  const [top, bottom] = [Math.max(0, Math.round(area.y)), Math.min(canvas.height, Math.round(area.y + area.height))];
  if (right <= left) return;
  const row = new Uint8Array(3 * (right - left)).map((_, i) => Math.round(colour[i % 3]));
  for (let y = top; y < bottom; y++) canvas.pixels.set(row, 3 * (left + canvas.width * y));
}

/** Pixels that the text takes along its direction. */
export function measureText(text: string, size: number): number {
  const widths = [...text].map((character) => glyphOf(character).width);
  const units = widths.reduce((sum, width) => sum + width + LETTER_GAP, 0) - LETTER_GAP;
  return (Math.max(units, 0) * size) / CAP_HEIGHT;
}

/** Writes text with its baseline through (x, y). Returns its length in pixels. */
export function drawText(canvas: Canvas, text: string, style: TextStyle & { x: number; y: number }): number {
  const scale = style.size / CAP_HEIGHT;
  const length = measureText(text, style.size);
  let along = { start: 0, middle: -length / 2, end: -length }[style.align ?? "start"];
  for (const character of text) {
    const glyph = glyphOf(character);
    for (const stroke of glyph.strokes) {
      const placed = stroke.map(([x, y]): readonly [number, number] => {
        const [right, down] = [along + x * scale, (y - CAP_HEIGHT) * scale];
        return style.upwards ? [style.x + down, style.y - right] : [style.x + right, style.y + down];
      });
      drawStroke(canvas, placed, { colour: style.colour, width: scale * (style.bold ? 2.1 : 1.45) });
    }
    along += (glyph.width + LETTER_GAP) * scale;
  }
  return length;
}

/** A line with round ends: a pixel is covered by 1/2 + width/2 - its distance to the line, within 0..1. */
function drawStroke(canvas: Canvas, points: Stroke, pen: { colour: Colour; width: number }): void {
  const reach = pen.width / 2 + 0.5;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  for (let y = Math.floor(Math.min(...ys) - reach); y <= Math.max(...ys) + reach; y++) {
    for (let x = Math.floor(Math.min(...xs) - reach); x <= Math.max(...xs) + reach; x++) {
      const share = Math.min(1, reach - distanceToStroke(points, x + 0.5, y + 0.5));
      if (share > 0) mixPixel(canvas, [x, y], { colour: pen.colour, share });
    }
  }
}

/** A place outside the canvas is left alone. */
function mixPixel(
  { pixels, width, height }: Canvas,
  [x, y]: Stroke[0],
  paint: { colour: Colour; share: number },
): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const at = 3 * (x + width * y);
  for (let c = 0; c < 3; c++) pixels[at + c] += Math.round((paint.colour[c] - pixels[at + c]) * paint.share);
}

function distanceToStroke(points: Stroke, x: number, y: number): number {
  let nearest = Infinity;
  for (let i = 0; i < points.length; i++) {
    const a = points[i];
    const b = points[Math.min(i + 1, points.length - 1)];
    const dx = b[0] - a[0];
    const dy = b[1] - a[1];
    const length = dx * dx + dy * dy;
    const t = length > 0 ? Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length)) : 0;
    const awayX = x - a[0] - t * dx;
    const awayY = y - a[1] - t * dy;
    nearest = Math.min(nearest, awayX * awayX + awayY * awayY);
  }
  return Math.sqrt(nearest); // Math.hypot of each segment takes ten times as long
}
