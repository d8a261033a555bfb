/**
 * @file Slice <-> tensor. An axial slice is a [C, H, W] tensor with H = y and W = x: each tensor row is a row of voxels along
 * x, which NIfTI keeps contiguous too, so a channel of a slice is one block copy and nothing is transposed.
 */

import type { LabelMap, Vec3, Volume } from "./grid.ts";

/** Channels of one slice: [C, H, W], row-major. */
export interface SliceTensor {
  readonly dims: Vec3;
  readonly data: Float32Array;
}

/** A place in a batch buffer: writing begins at `data[offset]`. */
export interface Place {
  readonly data: Float32Array;
  readonly offset: number;
}

/** Writes slice `z` of the channels, which share one size, as [C, H, W] to `to`. */
export function copySlice(channels: readonly Volume[], z: number, to: Place): void {
  const [width, height] = channels[0].grid.size;
  const area = width * height;
  for (const [c, { data }] of channels.entries())
    to.data.set(data.subarray(z * area, (z + 1) * area), to.offset + c * area);
}

/** Slice `z` of the channels as a tensor of its own. */
export function takeSlice(channels: readonly Volume[], z: number): SliceTensor {
  const [width, height] = channels[0].grid.size;
  const data = new Float32Array(channels.length * height * width);
  copySlice(channels, z, { data, offset: 0 });
  return { dims: [channels.length, height, width], data };
}

/** Puts the labels [H, W] of slice `z` into a label map. */
export function putSlice(map: LabelMap, z: number, labels: Uint8Array): void {
  map.data.set(labels, z * map.grid.size[0] * map.grid.size[1]);
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

/** Writes one window of a slice as [C, size, size] to `to`; what reaches beyond the slice is zero. */
export function copyWindow({ dims, data }: SliceTensor, { x, y, size }: Window, to: Place): void {
  const [channels, height, width] = dims;
  const [rows, columns] = [Math.min(size, height - y), Math.min(size, width - x)];
  if (rows < size || columns < size) to.data.fill(0, to.offset, to.offset + channels * size * size);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < rows; row++) {
      const from = (c * height + y + row) * width + x;
      to.data.set(data.subarray(from, from + columns), to.offset + (c * size + row) * size);
    }
  }
}
