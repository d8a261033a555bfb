/**
 * @file Convolutions over any number of spatial axes, and their gradients, in the fastest of the forms timed on the CPU
 * provider of ONNX Runtime 1.30 (batch 8, C -> C 3x3 'same'; "16x128" is 16 channels of 128x128 pixels).
 */

import { apply1, count, defineOp, type Shape, type Value } from "../value.ts";
import { matmul, transposeLast } from "./linear.ts";
import { reduceSum } from "./reduce.ts";
import { concat, pad, reshape, reverseLast, stridedSlice, transpose } from "./shape.ts";

/** `pads` as in ONNX: before each spatial axis, then after each. */
export interface ConvAttributes {
  readonly group: number;
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}
export interface ConvTransposeAttributes extends ConvAttributes {
  readonly output_padding: readonly number[];
}

const spatial = (shape: Shape): Shape => shape.slice(2);

/** image [N, C, ...size], weight [O, C / group, ...kernel], bias [O] -> [N, O, ...] */
export const Conv = defineOp<ConvAttributes>({
  type: "Conv",
  attributes: { group: "int", strides: "ints", pads: "ints" },
  infer: ([x, w], { group, strides, pads }) => {
    const [channels, expected] = [x!.shape[1]!, w!.shape[1]! * group];
    if (channels !== expected) throw new Error(`Conv: weight expects ${expected} channels, image has ${channels}`);
    const kernel = spatial(w!.shape);
    const size = spatial(x!.shape).map(
      (n, i) => Math.floor((n + pads[i]! + pads[i + kernel.length]! - kernel[i]!) / strides[i]!) + 1,
    );
    return [[x!.shape[0]!, w!.shape[0]!, ...size]];
  },
  grad: ({ inputs: [x, w, b], attrs, cotangents: [dy], needs }) => [
    needs[0] ? apply1(ConvInputGrad, [dy!, w!], { ...attrs, size: x!.shape }) : null,
    needs[1] ? apply1(ConvWeightGrad, [x!, dy!], { ...attrs, kernel: spatial(w!.shape) }) : null,
    ...(b ? [needs[2] ? sumPerChannel(dy!) : null] : []),
  ],
  cost: ([, w], [y]) => {
    const macs = count(y!.shape) * count(w!.shape.slice(1));
    return { macs, paper: macs };
  },
});

/** dY, weight -> dX of shape `size`. */
const ConvInputGrad = defineOp<ConvAttributes & { readonly size: Shape }>({
  type: "ConvInputGrad",
  attributes: { group: "int", strides: "ints", pads: "ints", size: "ints" },
  composite: true,
  infer: (_, { size }) => [size],
  grad: "none",
  lowering: ([dy, w], { size, ...attrs }) => [inputCotangent(dy!, w!, size, attrs)],
});

export interface ConvWeightGradAttributes extends ConvAttributes {
  readonly kernel: Shape;
}
/** X, dY -> dW */
const ConvWeightGrad = defineOp<ConvWeightGradAttributes>({
  type: "ConvWeightGrad",
  attributes: { group: "int", strides: "ints", pads: "ints", kernel: "ints" },
  composite: true,
  infer: ([x, dy], { group, kernel }) => [[dy!.shape[1]!, x!.shape[1]! / group, ...kernel]],
  grad: "none",
  lowering: ([x, dy], attrs) => [weightCotangent(x!, dy!, attrs)],
});

/** image [N, C, ...size], weight [C, O / group, ...kernel], bias [O] -> [N, O, ...]: the transpose of `Conv`. */
export const ConvTranspose = defineOp<ConvTransposeAttributes>({
  type: "ConvTranspose",
  attributes: { group: "int", strides: "ints", pads: "ints", output_padding: "ints" },
  infer: ([x, w], { group, strides, pads, output_padding }) => {
    const kernel = spatial(w!.shape);
    const size = spatial(x!.shape).map(
      (n, i) => (n - 1) * strides[i]! + kernel[i]! + output_padding[i]! - pads[i]! - pads[i + kernel.length]!,
    );
    return [[x!.shape[0]!, w!.shape[1]! * group, ...size]];
  },
  grad: ({ inputs: [x, w, b], attrs: { group, strides, pads }, cotangents: [dy], needs }) => [
    needs[0] ? conv(dy!, w!, { group, strides, pads }) : null,
    needs[1] ? apply1(ConvWeightGrad, [dy!, x!], { group, strides, pads, kernel: spatial(w!.shape) }) : null,
    ...(b ? [needs[2] ? sumPerChannel(dy!) : null] : []),
  ],
  // The paper's tool multiplied output pixels by the weight's second axis twice (docs/method.md).
  cost: ([x, w], [y]) => ({
    macs: count(x!.shape) * count(w!.shape.slice(1)),
    paper: count(y!.shape) * count(w!.shape.slice(1)),
  }),
});

export const conv = (x: Value, w: Value, attrs: ConvAttributes, bias?: Value): Value =>
  apply1(Conv, bias ? [x, w, bias] : [x, w], attrs);
export const convTranspose = (x: Value, w: Value, attrs: ConvTransposeAttributes, bias?: Value): Value =>
  apply1(ConvTranspose, bias ? [x, w, bias] : [x, w], attrs);

/** [N, C, ...] -> [C] */
const sumPerChannel = (x: Value): Value =>
  reduceSum(
    x,
    [0, ...x.shape.keys()].filter((axis, i) => i === 0 || axis > 1),
  );

/**
 * dX. At stride 1 it is a convolution with the weight turned around, [O, C, k] -> [C, O, reversed k]: 7, 3, 5, 3 ms for
 * 16x128, 32x64, 64x32, 128x16, half of what ConvTranspose takes, which stays for other strides and for zeros that no
 * tap reads.
 */
export function inputCotangent(dy: Value, w: Value, size: Shape, attrs: ConvAttributes): Value {
  const { group, strides, pads } = attrs;
  const kernel = spatial(w.shape);
  const rank = kernel.length;
  const turnedPads = pads.map((n, i) => kernel[i % rank]! - 1 - n);
  if (strides.some((stride) => stride !== 1) || turnedPads.some((n) => n < 0)) {
    const output_padding = kernel.map((k, i) => {
      const [n, m] = [size[i + 2]!, dy.shape[i + 2]!];
      return n - ((m - 1) * strides[i]! + k - pads[i]! - pads[i + rank]!);
    });
    return convTranspose(dy, w, { ...attrs, output_padding });
  }
  const [outputs, inputs, taps] = [w.shape[0]! / group, w.shape[1]!, count(kernel)];
  const reversed = reverseLast(reshape(w, [group, outputs, inputs, taps]));
  const turned = reshape(transpose(reversed, [0, 2, 1, 3]), [group * inputs, outputs, ...kernel]);
  return conv(dy, turned, { group, strides, pads: turnedPads });
}

/** Of so few channels copies cost less than products do for each moved copy apart. */
const FEW_CHANNELS = 16;

/**
 * dW[o, c, k] = sum over n and pixels p of dY[n, o, p] X[n, c, stride p + k - pad]: every moved copy of dY, in one matrix
 * of rows, times every moved copy of X. `sampled` gives the pixels of X that a tap reads at strides other than 1. At
 * 16x128, 32x64, 64x32 one product a tap takes 10.6, 5.6, 4.1 ms on one core, this 9.2, 4.8, 4.0.
 */
export function weightCotangent(
  x: Value,
  dy: Value,
  { kernel, sampled, ...attrs }: ConvWeightGradAttributes & { readonly sampled?: (tap: readonly number[]) => Value },
): Value {
  const { group, strides } = attrs;
  const [o, c] = [dy.shape[1]! / group, x.shape[1]! / group];
  // Where the products of the items would hold more numbers than what they are made of, the items are one row of pixels.
  const isOneRow = o * c * count(kernel) > (o + c) * count(spatial(dy.shape));
  const arrange = isOneRow ? channelsFirst : (value: Value) => value;
  const { moved, met } = strides.every((stride) => stride === 1)
    ? moveBoth(arrange(x), arrange(dy), kernel, attrs)
    : {
        moved: [arrange(dy)],
        met: offsets(kernel)
          .map(sampled ?? samplesOf(x, dy, attrs))
          .map(arrange),
      };
  const items = isOneRow ? 1 : x.shape[0]!;
  const rows = (value: Value, channels: number) =>
    reshape(value, [items, group, channels, count(value.shape) / (items * group * channels)]);
  const left = concatAll(
    moved.map((copy) => rows(copy, o)),
    2,
  );
  const copies = met.map((copy) => rows(copy, c));
  const columns = c <= FEW_CHANNELS ? [concatAll(copies, 2)] : copies;
  const products = concatAll(
    columns.map((right) => matmul(left, transposeLast(right))),
    3,
  );
  const sums = items === 1 ? products : reduceSum(products, [0]); // [group, moved O, met C]
  return reshape(tapsLast(reshape(sums, [group, moved.length, o, met.length, c])), [group * o, c, ...kernel]);
}

const concatAll = (values: readonly Value[], axis: number) => (values.length === 1 ? values[0]! : concat(values, axis));

/** [N, C, ...] -> [C, N, ...] */
const channelsFirst = (x: Value): Value => transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)]);

/** [group, a, O, b, C] -> [group, O, C, a, b], as two turned matrices in a fourth of the time that one transposition takes. */
function tapsLast(x: Value): Value {
  const [group, a, o, b, c] = x.shape as [number, number, number, number, number];
  const aLast = transposeLast(reshape(x, [group, a, o * b * c]));
  return transposeLast(reshape(aLast, [group * o, b, c * a]));
}

/**
 * Stride 1: tap k meets dY, moved by its first index, with X, moved by the others. A 3x3 kernel so needs two moved copies
 * of each side instead of nine of X. Rows and columns that leave the image meet the zeros around X.
 */
function moveBoth(x: Value, dy: Value, kernel: Shape, { pads }: ConvAttributes) {
  const height = x.shape[2]!;
  const width = dy.shape.slice(3);
  const moved = Array.from({ length: kernel[0]! }, (_, k) =>
    shift(dy, [k - pads[0]!, ...width.map(() => 0)], [height, ...width]),
  );
  const met = offsets(kernel.slice(1)).map((at) =>
    shift(x, [0, ...at.map((k, i) => pads[i + 1]! - k)], [height, ...width]),
  );
  return { moved, met };
}

/** Moves the pixels of `x` by `by` inside a frame of `size`; what leaves is cut, what enters is zero. */
function shift(x: Value, by: Shape, size: Shape): Value {
  const after = size.map((n, i) => n - x.shape[i + 2]! - by[i]!);
  if ([...by, ...after].every((n) => n === 0)) return x;
  return pad(x, [0, 0, ...by], [0, 0, ...after]);
}

/** Other strides: the pixels of the padded X that a tap reads. */
function samplesOf(x: Value, dy: Value, { strides, pads }: ConvAttributes) {
  const rank = strides.length;
  const padded = pads.some((n) => n > 0) ? pad(x, [0, 0, ...pads.slice(0, rank)], [0, 0, ...pads.slice(rank)]) : x;
  const size = spatial(dy.shape);
  return (tap: readonly number[]): Value =>
    stridedSlice(padded, {
      axes: tap.map((_, i) => i + 2),
      starts: tap,
      ends: tap.map((start, i) => start + (size[i]! - 1) * strides[i]! + 1),
      steps: strides,
    });
}

/** Every index of a kernel, row-major. */
const offsets = (kernel: Shape): number[][] =>
  kernel.reduce<number[][]>(
    (lists, n) => lists.flatMap((list) => Array.from({ length: n }, (_, i) => [...list, i])),
    [[]],
  );
