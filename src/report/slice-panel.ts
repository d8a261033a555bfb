/** @file One slice as a gray image with its labels laid over it: tinted areas with firm outlines. */

import { percentile } from "../eval/percentile.ts";
import { boundingBox } from "../volume/bounding-box.ts";
import type { Box } from "../volume/fit.ts";
import type { LabelMap, Volume } from "../volume/grid.ts";
import { type Canvas, fillRectangle, type Rectangle } from "./canvas.ts";
import { type Colour, page } from "./colour.ts";

/** Intensities shown black and white. */
export interface GrayRange {
  readonly black: number;
  readonly white: number;
}

/** Percentiles 1 and 99.5 of the voxels above 0, from an even sample of at most 50,000 voxels. */
export function findGrayRange({ data }: Volume): GrayRange {
  const step = Math.ceil(data.length / 50_000);
  const evenly = Float32Array.from({ length: Math.ceil(data.length / step) }, (_, i) => data[i * step]);
  const inside = evenly.filter((value) => value > 0).sort();
  if (inside.length === 0) return { black: 0, white: 1 };
  const [low, white] = [percentile(inside, 1), percentile(inside, 99.5)];
  // Between the outside and the darkest tissue, so that the brain stands out from the black around it.
  const black = low * 0.6;
  return { black, white: Math.max(white, black + 1e-6) };
}

export interface Panel {
  readonly image: Volume;
  readonly labels: LabelMap;
  readonly slice: number;
  /** The part of the slice that fills the panel. */
  readonly part: Box;
  readonly range: GrayRange;
  readonly colours: Readonly<Record<number, Colour>>;
}

const TINT = 0.3;
const OUTLINE = 0.95;
/** Labels are sampled FINE x FINE times a pixel, so that borders are smooth; an outline is FINE samples wide on either side. */
const FINE = 2;

/** Draws the panel as large as `frame` takes it, in its middle; x of the volume runs to the right and y downwards. */
export function drawPanel(canvas: Canvas, frame: Rectangle, panel: Panel): void {
  fillRectangle(canvas, frame, page.panel);
  const { x: left, y: top, width, height } = placeInside(frame, panel);
  const gray = sampleGray(panel, width, height);
  const labels = sampleLabels(panel, FINE * width, FINE * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = gray[x + width * y];
      const at = 3 * (left + x + canvas.width * (top + y));
      canvas.pixels.fill(value, at, at + 3);
      if (isPlain(labels, FINE * x, FINE * y)) continue;
      canvas.pixels.set(tint(value, labels, { left: FINE * x, top: FINE * y, colours: panel.colours }), at);
    }
  }
}

interface LabelSamples {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/** Whether no sample of the pixel has a label. */
function isPlain({ labels, width }: LabelSamples, left: number, top: number): boolean {
  for (let i = left + width * top; i < left + width * (top + FINE); i += width)
    for (let x = i; x < i + FINE; x++) if (labels[x] !== 0) return false;
  return true;
}

/** A gray (0..255) with the labels of the pixel's FINE x FINE samples, from (left, top) on, laid over it. */
function tint(
  gray: number,
  samples: LabelSamples,
  { left, top, colours }: { left: number; top: number; colours: Panel["colours"] },
): Colour {
  let [r, g, b] = [gray, gray, gray];
  for (let y = top; y < top + FINE; y++) {
    for (let x = left; x < left + FINE; x++) {
      const label = samples.labels[x + samples.width * y];
      if (label === 0) continue;
      const share = (isOutline(samples, x, y) ? OUTLINE : TINT) / FINE ** 2;
      const colour = colours[label];
      r += (colour[0] - gray) * share;
      g += (colour[1] - gray) * share;
      b += (colour[2] - gray) * share;
    }
  }
  return [r, g, b];
}

/** Whether another label lies FINE samples away. */
function isOutline({ labels, width, height }: LabelSamples, x: number, y: number): boolean {
  const label = labels[x + width * y];
  return (
    (x >= FINE && labels[x - FINE + width * y] !== label) ||
    (x < width - FINE && labels[x + FINE + width * y] !== label) ||
    (y >= FINE && labels[x + width * (y - FINE)] !== label) ||
    (y < height - FINE && labels[x + width * (y + FINE)] !== label)
  );
}

/** The largest rectangle of whole pixels with the shape that the part has in mm. */
function placeInside(frame: Rectangle, { image, part }: Panel): Rectangle {
  const extent = (axis: 0 | 1) => (part.end[axis] - part.start[axis]) * image.grid.spacing[axis];
  const scale = Math.min(frame.width / extent(0), frame.height / extent(1));
  const [width, height] = [Math.round(extent(0) * scale), Math.round(extent(1) * scale)];
  const middle = (start: number, whole: number, own: number) => start + Math.floor((whole - own) / 2);
  return { x: middle(frame.x, frame.width, width), y: middle(frame.y, frame.height, height), width, height };
}

/** 0..255 of each pixel, bilinear. */
function sampleGray({ image, slice, part, range }: Panel, width: number, height: number): Float32Array {
  const { data, grid } = image;
  const [nx, ny] = grid.size;
  const columns = placeSamples(part.start[0], part.end[0], { count: width, size: nx });
  const rows = placeSamples(part.start[1], part.end[1], { count: height, size: ny });
  const scale = 255 / (range.white - range.black);
  const out = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const top = nx * (rows.low[y] + ny * slice);
    const bottom = nx * (rows.high[y] + ny * slice);
    for (let x = 0; x < width; x++, to++) {
      const low = columns.low[x];
      const high = columns.high[x];
      const upper = data[top + low] + (data[top + high] - data[top + low]) * columns.share[x];
      const lower = data[bottom + low] + (data[bottom + high] - data[bottom + low]) * columns.share[x];
      out[to] = Math.min(255, Math.max(0, (upper + (lower - upper) * rows.share[y] - range.black) * scale));
    }
  }
  return out;
}

/** The label with the largest bilinear weight at each sample. */
function sampleLabels({ labels, slice, part }: Panel, width: number, height: number): LabelSamples {
  const { data, grid } = labels;
  const [nx, ny] = grid.size;
  const columns = placeSamples(part.start[0], part.end[0], { count: width, size: nx });
  const rows = placeSamples(part.start[1], part.end[1], { count: height, size: ny });
  const out = new Uint8Array(width * height);
  const labelled = boundingBox([nx, ny, 1], data.subarray(nx * ny * slice, nx * ny * (slice + 1)));
  if (!labelled) return { width, height, labels: out };
  for (let y = 0; y < height; y++) {
    if (rows.high[y] < labelled.start[1] || rows.low[y] >= labelled.end[1]) continue;
    const top = nx * (rows.low[y] + ny * slice);
    const bottom = nx * (rows.high[y] + ny * slice);
    for (let x = 0, to = width * y; x < width; x++, to++) {
      const label = data[top + columns.low[x]];
      const right = data[top + columns.high[x]];
      const below = data[bottom + columns.low[x]];
      const across = data[bottom + columns.high[x]];
      const isSame = label === right && label === below && label === across;
      out[to] = isSame ? label : heaviest([label, right, below, across], columns.share[x], rows.share[y]);
    }
  }
  return { width, height, labels: out };
}

/** The label of the corners (upper left and right, lower left and right) with the largest sum of bilinear weights. */
function heaviest(corners: readonly number[], fx: number, fy: number): number {
  const weights = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
  const sumOf = (label: number) => weights.reduce((sum, weight, i) => sum + (corners[i] === label ? weight : 0), 0);
  return corners.reduce((best, label) => (sumOf(label) > sumOf(best) ? label : best));
}

/** For `count` samples spread over the voxels start ... end: the two voxels around each, kept inside `size`, and the share of the second. */
function placeSamples(start: number, end: number, { count, size }: { count: number; size: number }) {
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const position = start + ((i + 0.5) * (end - start)) / count - 0.5;
    const inside = Math.min(Math.max(position, 0), size - 1);
    low[i] = Math.floor(inside);
    high[i] = Math.min(low[i] + 1, size - 1);
    share[i] = inside - low[i];
  }
  return { low, high, share };
}
