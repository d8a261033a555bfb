/**
 * @file Convolutions over any number of spatial axes, and their gradients, in the fastest of the forms timed on the CPU
 * provider of ONNX Runtime 1.30 (batch 8, C -> C 3x3 'same'; "16x128" is 16 channels of 128x128 pixels).
 */

import { apply1, constant, count, defineOp, type Shape, scalar, type Value } from "../value.ts";
import { mul } from "./elementwise.ts";
import { matmul, transposeLast } from "./linear.ts";
import { expand, reduceSum } from "./reduce.ts";
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

/**
 * dW[o, c, k] = sum over n and pixels p of dY[n, o, p] X[n, c, stride p + k - pad]: every moved copy of dY, in one matrix
 * of rows, times every moved copy of X.
 */
export function weightCotangent(x: Value, dy: Value, attrs: ConvWeightGradAttributes): Value {
  const { group, strides, kernel } = attrs;
  const [o, c] = [dy.shape[1]! / group, x.shape[1]! / group];
  // Where the products of the items would hold more numbers than what they are made of, the items are one row of pixels.
  const isOneRow = o * c * count(kernel) > (o + c) * count(spatial(dy.shape));
  const arrange: Arrange = isOneRow ? joinItems : (image) => image;
  const { moved, met, length } = strides.every((stride) => stride === 1)
    ? moveBoth(x, dy, { ...attrs, arrange })
    : moveSampled(x, dy, { ...attrs, arrange });
  const rows = (copies: readonly Copy[]) => stack(copies, { group, length });
  const products = matmul(rows(moved), transposeLast(rows(met)));
  const sums = products.shape[0] === 1 ? products : reduceSum(products, [0]); // [group, o moved, c met]
  const taps = transpose(reshape(sums, [group * o, moved.length, c, met.length]), [0, 2, 1, 3]);
  return reshape(taps, [group * o, c, ...kernel]);
}

/** How the items of a batch are laid out; nothing moves by more than `most` lines. */
type Arrange = (image: Value, most: number) => Value;

/** [N, C, H, ...] -> [1, C, N (H + most), ...]: one item below the other, with lines of zeros between. */
function joinItems(image: Value, most: number): Value {
  const [n, c, height, ...line] = image.shape as [number, number, number, ...number[]];
  const byChannel = transpose(image, [1, 0, ...image.shape.slice(2).map((_, i) => i + 2)]);
  const spaced = most === 0 ? byChannel : concat([byChannel, expand(scalar(0), [c, n, most, ...line])], 2);
  return reshape(spaced, [1, c, n * (height + most), ...line]);
}

/** An image [N, group C, ...] whose pixels lie from `at` on in a row of zeros. */
interface Copy {
  readonly value: Value;
  readonly at: number;
}

type Moves = ConvWeightGradAttributes & { readonly arrange: Arrange };

/**
 * Stride 1: tap k meets dY, moved by its first index, with X, moved by the others. A 3x3 kernel so needs three copies of each
 * side instead of nine of X. Pixels are one row of numbers, and to move them is to begin elsewhere in it: what would so go
 * from the end of a line to the next is 0 in that copy of X.
 */
function moveBoth(x: Value, dy: Value, { kernel, pads, arrange }: Moves) {
  const size = spatial(x.shape).map((n, i) => Math.max(n, dy.shape[i + 2]!));
  const most = Math.max(pads[0]!, kernel[0]! - 1 - pads[0]!);
  const [image, cotangent] = [arrange(extend(x, size), most), arrange(extend(dy, size), most)];
  const lines = size.slice(1);
  const line = count(lines);
  const steps = lines.map((_, i) => count(lines.slice(i + 1)));
  const moves = offsets(kernel.slice(1)).map((tap) => tap.map((k, i) => k - pads[i + 1]!));
  const distances = moves.map((by) => by.reduce((sum, n, i) => sum + n * steps[i]!, 0));
  const start = Math.max(0, Math.max(...distances) - pads[0]! * line);
  const moved = Array.from({ length: kernel[0]! }, (_, k): Copy => ({ value: cotangent, at: start + k * line }));
  const met = moves.map((by, i): Copy => ({ value: cutLines(image, by), at: start + pads[0]! * line - distances[i]! }));
  return { moved, met, length: lengthOf([...moved, ...met]) };
}

/** Of rows that hold any of the copies. */
const lengthOf = (copies: readonly Copy[]): number =>
  Math.max(...copies.map(({ value, at }) => count(spatial(value.shape)) + at));

/**
 * Other strides: tap k meets pixel p with pixel s (p + d) + r of X, d = floor((k - pad) / s): with the image of remainder r,
 * moved by d. A 3x3 kernel of stride 2 so needs four samples of X instead of nine.
 */
function moveSampled(x: Value, dy: Value, { kernel, strides, pads, arrange }: Moves) {
  const taps = offsets(kernel).map((tap) => {
    const by = tap.map((k, i) => Math.floor((k - pads[i]!) / strides[i]!));
    return { by, from: tap.map((k, i) => k - pads[i]! - strides[i]! * by[i]!) };
  });
  const size = spatial(dy.shape).map((n, i) => n + Math.max(0, ...taps.map(({ by }) => by[i]!)));
  const steps = size.map((_, i) => count(size.slice(i + 1)));
  const distances = taps.map(({ by }) => by.reduce((sum, n, i) => sum + n * steps[i]!, 0));
  const start = Math.max(0, ...distances);
  const most = Math.max(...taps.map(({ by }) => Math.abs(by[0]!)));
  const images = new Map<string, Value>();
  const met = taps.map(({ by, from }, i): Copy => {
    const image = images.get(String(from)) ?? arrange(sample(x, { from, size, strides }), most);
    images.set(String(from), image);
    return { value: cutLines(image, by.slice(1)), at: start - distances[i]! };
  });
  const moved: Copy[] = [{ value: arrange(extend(dy, size), most), at: start }];
  return { moved, met, length: lengthOf([...moved, ...met]) };
}

/** Zeros after the last pixels. */
function extend(x: Value, size: Shape): Value {
  const more = size.map((n, i) => n - x.shape[i + 2]!);
  if (more.every((n) => n === 0)) return x;
  return pad(x, [0, 0, ...more.map(() => 0)], [0, 0, ...more]);
}

/** 0 in the pixels that leave their line when the lines, all axes but the first, are read `by` pixels further. */
function cutLines(x: Value, by: readonly number[]): Value {
  if (by.every((n) => n === 0)) return x;
  const lines = x.shape.slice(3);
  const stays = (at: readonly number[]) => at.every((n, i) => n >= by[i]! && n < lines[i]! + by[i]!);
  const mask = Float32Array.from(offsets(lines), (at) => Number(stays(at)));
  return mul(x, constant(mask, lines));
}

/** Rows of `length` numbers with the copies of each channel side by side: [N, group, C copies, length]. */
function stack(copies: readonly Copy[], { group, length }: { group: number; length: number }): Value {
  const { shape } = copies[0]!.value;
  const [n, c, pixels] = [shape[0]!, shape[1]! / group, count(spatial(shape))];
  const zeros = new Map<number, Value>();
  const gap = (numbers: number): readonly Value[] => {
    if (numbers === 0) return [];
    if (!zeros.has(numbers)) zeros.set(numbers, expand(scalar(0), [n, group, c, numbers]));
    return [zeros.get(numbers)!];
  };
  const pieces = copies.flatMap(({ value, at }, i) => {
    const after = i === copies.length - 1 ? 0 : copies[i + 1]!.at;
    const left = i === 0 ? gap(at) : [];
    return [...left, reshape(value, [n, group, c, pixels]), ...gap(length - at - pixels + after)];
  });
  const row = pieces.length === 1 ? pieces[0]! : concat(pieces, 3);
  return reshape(row, [n, group, c * copies.length, length]);
}

/** The pixels `from` + stride q of X for every q of an image of `size`, 0 beyond X. */
function sample(x: Value, { from, size, strides }: { from: Shape; size: Shape; strides: Shape }): Value {
  const ends = from.map((n, i) => n + (size[i]! - 1) * strides[i]! + 1);
  const longest = ends.map((end, i) => Math.max(end, x.shape[i + 2]!));
  const axes = from.map((_, i) => i + 2);
  return stridedSlice(extend(x, longest), { axes, starts: from, ends, steps: strides });
}

/** Every index of a kernel, row-major. */
const offsets = (kernel: Shape): number[][] =>
  kernel.reduce<number[][]>(
    (lists, n) => lists.flatMap((list) => Array.from({ length: n }, (_, i) => [...list, i])),
    [[]],
  );
