/** @file Windows over a slice, how often each pixel is covered, and mirrors. */

import { type Window, windowStarts } from "../volume/slice.ts";

/** Windows of `size` over a slice, rows outside, columns inside: 16 for 128 over 240 x 240 at stride 42. */
export function placeWindows(
  { width, height }: { width: number; height: number },
  { size, stride }: { size: number; stride: number },
): Window[] {
  const columns = windowStarts(width, size, stride);
  return windowStarts(height, size, stride).flatMap((y) => columns.map((x) => ({ x, y, size })));
}

/** 1 / (number of windows over a pixel), [height, width]: the equal weight of each window in the average. */
export function weighPixels({ width, height }: { width: number; height: number }, windows: readonly Window[]) {
  const weights = new Float32Array(width * height);
  for (const { x, y, size } of windows)
    for (let row = y; row < y + size; row++)
      for (let column = x; column < x + size; column++) weights[row * width + column]++;
  return weights.map((count) => 1 / count);
}

/** A mirror of slices, its own inverse. */
export interface Flip {
  readonly x: boolean;
  readonly y: boolean;
}

/** Mirrors every [height, width] plane of `planes` in place. */
export function mirror(planes: Float32Array, { width, height }: { width: number; height: number }, flip: Flip): void {
  // Reversing a plane turns both axes, reversing its rows turns x.
  if (flip.y) for (let i = 0; i < planes.length; i += width * height) planes.subarray(i, i + width * height).reverse();
  if (flip.x !== flip.y) for (let i = 0; i < planes.length; i += width) planes.subarray(i, i + width).reverse();
}
