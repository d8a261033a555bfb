/**
 * @file Slice <-> tensor. An axial slice is a [C, H, W] tensor with H = y and W = x: each tensor row is a row of voxels along
 * x, which NIfTI keeps contiguous too, so a channel of a slice is one piece of memory and nothing is transposed.
 */

import type { Vec3 } from "./grid.ts";

/** The channels of one slice, a plane [height, width] each. */
export interface Slice {
  readonly planes: readonly Float32Array[];
  readonly width: number;
}

/** Slice `z` of whole channels; nothing is copied. */
export function takeSlice(channels: readonly Float32Array[], [width, height]: Vec3, z: number): Slice {
  const area = width * height;
  return { planes: channels.map((channel) => channel.subarray(z * area, (z + 1) * area)), width };
}

/**
 * First pixels of the windows along one axis: 0, stride, 2 stride, ... and the last one shifted back to end at the border,
 * so every pixel is covered and none is padded. (240, 128, 42) -> 0, 42, 84, 112; size <= window -> [0].
 */
export function windowStarts(size: number, window: number, stride: number): number[] {
  const room = Math.max(0, size - window);
  return Array.from({ length: Math.ceil(room / stride) + 1 }, (_, k) => Math.min(k * stride, room));
}

/** A square window of a slice: first column x, first row y. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Writes one window, which must lie in the slice, as [C, size, size] to `to`. */
export function copyWindow({ planes, width }: Slice, { x, y, size }: Window, to: Float32Array): void {
  let at = 0;
  for (const plane of planes) {
    for (let from = y * width + x; from < (y + size) * width; from += width, at += size)
      to.set(plane.subarray(from, from + size), at);
  }
}
