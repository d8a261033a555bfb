/**
 * @file The weight's gradient as a convolution of what lies in blocked memory anyway. Its weight is dY: a tile, b neighbours
 * in a line, is b input channels, and dY has as many taps as it has tiles. Its image is X, tile by tile turned to
 * [channel, pixel]: a line of that image is the channels of X at one tile. It moves over X by whole lines of pixels, which
 * gives a column of the kernel; for the other columns dY is moved. The matrix products of `weightCotangent` take a third
 * more, as their rows are copied out and moved first: 9.5, 5.8, 4.2, 3.8 ms of CPU for 16x128, 32x64, 64x32, 128x16 (as in
 * ops/conv.ts), where this takes 7.1, 4.2, 3.3, 3.1; at stride 2, 16x128 -> 32x64, 6.2 and 3.5.
 */

import type { ConvWeightGradAttributes } from "../ops/conv.ts";
import { reduceSum } from "../ops/reduce.ts";
import { concat, reshape, slice, split, transpose } from "../ops/shape.ts";
import { count, type Shape, type Value } from "../value.ts";
import { nchwcConv, unblock } from "./nchwc.ts";
import { sampleTap } from "./per-channel.ts";

type Attributes = Omit<ConvWeightGradAttributes, "group">;
interface Sizes {
  readonly block: number;
  /** Channels of X and of dY, without what fills their last blocks. */
  readonly inputs: number;
  readonly outputs: number;
}

/** X [N, C, H, W] and dY [N, O, h, w], both blocked -> dW [outputs, inputs, kh, kw]; null: it cannot be made so. */
export function blockedWeightGrad(x: Value, dy: Value, attrs: Attributes, sizes: Sizes): Value | null {
  const { block, inputs, outputs } = sizes;
  const { kernel, strides, pads } = attrs;
  const taps = count(kernel);
  if (taps === 1 && count(strides) === 1 && inputs > outputs) {
    // The kernel works on up to four blocks of outputs at once.
    const turned = blockedWeightGrad(dy, x, attrs, { block, inputs: outputs, outputs: inputs });
    return turned && transpose(turned, [1, 0, 2, 3]);
  }
  const [rows, columns] = kernel.map((k, i) => tapsOf(k, strides[i]!, pads[i]!)) as [Taps[], Taps[]];
  const isSampled = [2, 3].every((axis) => Math.ceil(x.shape[axis]! / strides[axis - 2]!) === dy.shape[axis]!);
  if (!isSampled || dy.shape[3]! % block !== 0 || rows.some((row) => row.by + row.taps.length < 1)) return null;
  const { weight, sums } = productOf(x, dy, attrs, block);
  const byColumn = columns.flatMap((column) =>
    column.taps.map((tap, i): Tapped => {
      const moved = weight(column.by + i);
      return { tap, value: inOrder(rows, (row) => sums(row, column.from, moved)) };
    }),
  );
  const [cb, o] = [x.shape[1]! / block, dy.shape[1]!];
  const all = reshape(joined(byColumn, 3), [cb, o, taps, block]); // memory [C / b, O / b, kh, kw, b of C, b of O]
  const byOutput = unblock(all, outputs); // [C / b, outputs, taps, b]
  const byInput = unblock(reshape(byOutput, [cb * outputs, block, taps, 1]), block); // [.., b, taps]
  const dw = reshape(swapFirst(byInput, [cb, outputs]), [outputs, cb * block, ...kernel]);
  return dw.shape[1] === inputs ? dw : slice(dw, { axes: [1], starts: [0], ends: [inputs] });
}

/** Taps of one axis that read the same pixels of X, `from` + stride q: tap i meets pixel p of dY with q = p + by + i. */
interface Taps {
  readonly from: number;
  readonly by: number;
  readonly taps: readonly number[];
}

function tapsOf(kernel: number, stride: number, pad: number): Taps[] {
  return Array.from({ length: Math.min(kernel, stride) }, (_, first) => {
    const by = Math.floor((first - pad) / stride);
    const taps = Array.from({ length: Math.ceil((kernel - first) / stride) }, (_, i) => first + i * stride);
    return { from: first - pad - stride * by, by, taps };
  });
}

interface Tapped {
  readonly tap: number;
  readonly value: Value;
}
function joined(parts: readonly Tapped[], axis: number): Value {
  const values = [...parts].sort((a, b) => a.tap - b.tap).map(({ value }) => value);
  return values.length === 1 ? values[0]! : concat(values, axis);
}

/** [.., .., taps, ..] of every group of rows -> [.., .., kh, ..] */
function inOrder(rows: readonly Taps[], sums: (row: Taps) => Value): Value {
  if (rows.length === 1) return sums(rows[0]!);
  const single = rows.flatMap((row) => {
    const values = split(sums(row), 2, Array(row.taps.length).fill(1));
    return row.taps.map((tap, i): Tapped => ({ tap, value: values[i]! }));
  });
  return joined(single, 2);
}

/** dY as a weight, and the convolutions that hold the sums. */
function productOf(x: Value, dy: Value, { kernel, strides }: Attributes, block: number) {
  const [n, c, o] = [x.shape[0]!, x.shape[1]!, dy.shape[1]!];
  const size = dy.shape.slice(2) as [number, number];
  const [cb, ob, across, tiles] = [c / block, o / block, size[1] / block, count(size) / block];
  // Where the sums of the items would hold more numbers than what they are made of, the items are one image of tiles.
  const group = o * c * count(kernel) > (o + c) * count(size) ? 1 : n;
  const cotangent = reshape(group === 1 ? swapFirst(dy, [n, ob]) : dy, dy.shape);
  const images = new Map<string, Value>();
  const image = (from: Shape): Value => {
    const sampled = count(strides) === 1 ? x : sampleTap(x, { size, strides, from, block });
    const turned = unblock(reshape(sampled, [n * cb * tiles, block, block, 1]), block);
    return reshape(swapFirst(turned, [n, cb]), [cb, n * block, tiles, block]);
  };
  return {
    /** Its pixels moved along their lines by so many. */
    weight: (by: number): Value => {
      const moved = by === 0 ? cotangent : sampleTap(cotangent, { size, strides: [1, 1], from: [0, -by], block });
      return reshape(moved, [group * o, (n / group) * block, tiles, 1]);
    },
    /** -> [C / b, O / b, taps, b of C and b of O] */
    sums: ({ from, by, taps }: Taps, column: number, weight: Value): Value => {
      const at = `${from},${column}`;
      images.set(at, images.get(at) ?? image([from, column]));
      const pads = [-by * across, 0, (taps.length - 1 + by) * across, 0];
      const y = nchwcConv({ x: images.get(at)!, weight, group, strides: [across, 1], pads });
      return reduceSum(reshape(y, [cb, group, ob, taps.length, block * block]), [1]);
    },
  };
}

/** Memory [a, b, ...] -> [b, a, ...]. */
function swapFirst(x: Value, [a, b]: readonly [number, number]): Value {
  if (a === 1 || b === 1) return x;
  return transpose(reshape(x, [a, b, count(x.shape) / (a * b)]), [1, 0, 2]);
}
