/** @file From the outputs of overlapping windows to one class a pixel. */

import type { Window } from "../volume/slice.ts";

/** Softmax over the K channels of each pixel, in place: `maps` is [count, K, H, W] with `area` = H * W. */
export function softmaxChannels(maps: Float32Array, { classes, area }: { classes: number; area: number }): void {
  for (let image = 0; image < maps.length; image += classes * area) {
    for (let pixel = image; pixel < image + area; pixel++) {
      const end = pixel + classes * area;
      let highest = maps[pixel];
      for (let i = pixel + area; i < end; i += area) highest = Math.max(highest, maps[i]);
      let total = 0;
      for (let i = pixel; i < end; i += area) {
        maps[i] = Math.exp(maps[i] - highest);
        total += maps[i];
      }
      for (let i = pixel; i < end; i += area) maps[i] /= total;
    }
  }
}

/** Where windows are added: `sums` [K, height, width]. */
export interface SliceSums {
  readonly sums: Float32Array;
  readonly width: number;
  readonly height: number;
  /** [height, width], as `weighPixels` gives them; null for 1. */
  readonly weights: Float32Array | null;
}

/**
 * Adds a window's probabilities, [K, size, size], times the weight of each pixel. A skipped window is not added: it
 * abstains, but was counted in the weights. The authors' code puts a second softmax over the averaged probabilities
 * before it adds mirrored passes; it changes no argmax of a single pass and only flattens what the passes average, so
 * it is left out.
 */
export function addWindow(slice: SliceSums, probabilities: Float32Array, { x, y, size }: Window): void {
  const { sums, weights, width, height } = slice;
  let from = 0;
  for (let plane = 0; plane < sums.length; plane += width * height) {
    for (let row = y; row < y + size; row++) {
      const pixel = row * width + x - from;
      const end = from + size;
      // Without weights in two thirds of the time.
      if (weights === null) for (; from < end; from++) sums[plane + pixel + from] += probabilities[from];
      else for (; from < end; from++) sums[plane + pixel + from] += probabilities[from] * weights[pixel + from];
    }
  }
}

/** argmax over the K planes of `sums`; the lowest index wins a tie, so a pixel whose windows all skipped is background. */
export function labelPixels(sums: Float32Array, classes: Uint8Array): void {
  const area = classes.length;
  for (let pixel = 0; pixel < area; pixel++) {
    let best = 0;
    let highest = sums[pixel];
    for (let k = 1, i = pixel + area; i < sums.length; k++, i += area) {
      if (sums[i] > highest) {
        highest = sums[i];
        best = k;
      }
    }
    classes[pixel] = best;
  }
}

/**
 * Writes the probabilities of the classes 1, 2, ... of one slice to `to[class - 1]`. Windows that skipped abstain: the others'
 * probabilities are brought to a sum of 1, which leaves the argmax; where all skipped, the background is certain.
 */
export function writeProbabilities(sums: Float32Array, to: readonly Float32Array[]): void {
  const area = sums.length / (to.length + 1);
  for (let pixel = 0; pixel < area; pixel++) {
    let total = 0;
    for (let i = pixel; i < sums.length; i += area) total += sums[i];
    if (total === 0) continue;
    for (const [k, values] of to.entries()) values[pixel] = sums[pixel + (k + 1) * area] / total;
  }
}
