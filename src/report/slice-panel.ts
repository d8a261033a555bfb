/** @file One slice as a gray image with its labels laid over it: tinted areas with firm outlines. */

import { percentile } from "../eval/percentile.ts";
import type { Box } from "../volume/fit.ts";
import type { LabelMap, Volume } from "../volume/grid.ts";
import { type Canvas, fillRectangle, type Rectangle } from "./canvas.ts";
import { type Colour, page } from "./colour.ts";

/** Intensities shown black and white. */
export interface GrayRange {
  readonly black: number;
  readonly white: number;
}

/** Percentiles 1 and 99.5 of the voxels above 0, from an even sample of at most 200,000 voxels. */
export function findGrayRange({ data }: Volume): GrayRange {
  const step = Math.ceil(data.length / 200_000);
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
/** Each pixel is the mean of FINE x FINE samples; an outline is FINE samples wide on either side of a border. */
const FINE = 2;

/** Draws the panel as large as `frame` takes it, in its middle; x of the volume runs to the right and y downwards. */
export function drawPanel(canvas: Canvas, frame: Rectangle, panel: Panel): void {
  fillRectangle(canvas, frame, page.panel);
  const area = placeInside(frame, panel);
  const samples = samplePanel(panel, area.width * FINE, area.height * FINE);
  for (let y = 0; y < area.height; y++) {
    for (let x = 0; x < area.width; x++) {
      const [r, g, b] = mixSamples(samples, [FINE * x, FINE * y], panel.colours);
      const at = 3 * (area.x + x + canvas.width * (area.y + y));
      canvas.pixels[at] = r;
      canvas.pixels[at + 1] = g;
      canvas.pixels[at + 2] = b;
    }
  }
}

interface Samples {
  readonly width: number;
  readonly height: number;
  /** 0..255. */
  readonly gray: Float32Array;
  readonly labels: Uint8Array;
}

/** Mean colour of the FINE x FINE samples from (left, top) on. */
function mixSamples(samples: Samples, [left, top]: readonly [number, number], colours: Panel["colours"]): Colour {
  const gray = meanGray(samples, left, top);
  if (gray !== undefined) return [gray, gray, gray];
  let [r, g, b] = [0, 0, 0];
  for (let y = top; y < top + FINE; y++) {
    for (let x = left; x < left + FINE; x++) {
      const value = samples.gray[x + samples.width * y];
      const label = samples.labels[x + samples.width * y];
      const share = label === 0 ? 0 : isOutline(samples, x, y) ? OUTLINE : TINT;
      const tint = label === 0 ? page.panel : colours[label];
      r += value + (tint[0] - value) * share;
      g += value + (tint[1] - value) * share;
      b += value + (tint[2] - value) * share;
    }
  }
  return [r / FINE ** 2, g / FINE ** 2, b / FINE ** 2];
}

/** Undefined where there is a label. */
function meanGray({ gray, labels, width }: Samples, left: number, top: number): number | undefined {
  let sum = 0;
  for (let y = top; y < top + FINE; y++) {
    for (let i = left + width * y; i < left + FINE + width * y; i++) {
      if (labels[i] !== 0) return undefined;
      sum += gray[i];
    }
  }
  return sum / FINE ** 2;
}

/** Whether another label lies FINE samples away. */
function isOutline({ labels, width, height }: Samples, x: number, y: number): boolean {
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

/** Gray bilinear; the label with the largest bilinear weight, so that outlines are smooth instead of stairs. */
function samplePanel({ image, labels, slice, part, range }: Panel, width: number, height: number): Samples {
  const [nx, ny] = image.grid.size;
  const out = { width, height, gray: new Float32Array(width * height), labels: new Uint8Array(width * height) };
  const columns = placeSamples(part.start[0], part.end[0], { count: width, size: nx });
  const rows = placeSamples(part.start[1], part.end[1], { count: height, size: ny });
  const scale = 255 / (range.white - range.black);
  for (let y = 0, to = 0; y < height; y++) {
    const [top, bottom] = [nx * (rows.low[y] + ny * slice), nx * (rows.high[y] + ny * slice)];
    const fy = rows.share[y];
    for (let x = 0; x < width; x++, to++) {
      const low = columns.low[x];
      const high = columns.high[x];
      const fx = columns.share[x];
      const upper = image.data[top + low] + (image.data[top + high] - image.data[top + low]) * fx;
      const lower = image.data[bottom + low] + (image.data[bottom + high] - image.data[bottom + low]) * fx;
      out.gray[to] = Math.min(255, Math.max(0, (upper + (lower - upper) * fy - range.black) * scale));
      const label = labels.data[top + low];
      const right = labels.data[top + high];
      const below = labels.data[bottom + low];
      const across = labels.data[bottom + high];
      const isSame = label === right && label === below && label === across;
      out.labels[to] = isSame ? label : heaviest([label, right, below, across], fx, fy);
    }
  }
  return out;
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
