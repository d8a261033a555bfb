/** @file Ops that move elements and compute nothing. */

import { apply, apply1, constant, count, defineOp, type Shape, type Value } from "../value.ts";

export const Reshape = defineOp<{ shape: Shape }>({
  type: "Reshape",
  lists: ["shape"],
  infer: ([x], { shape }) => {
    if (count(shape) !== count(x!.shape)) throw new Error(`Reshape: [${x!.shape}] does not fill [${shape}]`);
    return [shape];
  },
  grad: ({ inputs: [x], cotangents: [dy] }) => [reshape(dy!, x!.shape)],
});

export const Transpose = defineOp<{ perm: readonly number[] }>({
  type: "Transpose",
  infer: ([x], { perm }) => [perm.map((axis) => x!.shape[axis]!)],
  grad: ({ attrs: { perm }, cotangents: [dy] }) => [
    transpose(
      dy!,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
});

export const Concat = defineOp<{ axis: number }>({
  type: "Concat",
  infer: (inputs, { axis }) => [
    inputs[0]!.shape.map((n, i) => (i === axis ? inputs.reduce((sum, x) => sum + x.shape[i]!, 0) : n)),
  ],
  grad: ({ inputs, attrs: { axis }, cotangents: [dy] }) =>
    split(
      dy!,
      axis,
      inputs.map((x) => x.shape[axis]!),
    ),
});

export const Split = defineOp<{ axis: number; split: readonly number[] }>({
  type: "Split",
  lists: ["split"],
  infer: ([x], { axis, split: sizes }) => {
    if (count(sizes.length ? [sizes.reduce((a, b) => a + b)] : []) !== x!.shape[axis])
      throw new Error(`Split: sizes [${sizes}] must add up to axis ${axis} of [${x!.shape}]`);
    return sizes.map((size) => x!.shape.map((n, i) => (i === axis ? size : n)));
  },
  grad: ({ outputs, attrs: { axis }, cotangents }) => [
    concat(
      outputs.map((y, i) => cotangents[i] ?? zeros(y.shape)),
      axis,
    ),
  ],
});

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}
export const Slice = defineOp<SliceAttributes>({
  type: "Slice",
  lists: ["starts", "ends", "axes", "steps"],
  infer: ([x], { starts, ends, axes, steps }) => [
    x!.shape.map((n, i) => {
      const k = axes.indexOf(i);
      return k < 0 ? n : Math.max(0, Math.ceil((endOf(ends[k]!, n) - starts[k]!) / steps[k]!));
    }),
  ],
  // A step of 1 leaves a border of zeros; a strided slice is only ever taken of values that need no gradient.
  grad: ({ inputs: [x], attrs: { starts, ends, axes, steps }, cotangents: [dy] }) => {
    if (steps.some((step) => step !== 1)) throw new Error(`Slice: gradient needs steps of 1, got [${steps}]`);
    const before = x!.shape.map((_, i) => (axes.includes(i) ? starts[axes.indexOf(i)]! : 0));
    const after = x!.shape.map((n, i) => (axes.includes(i) ? n - Math.min(ends[axes.indexOf(i)]!, n) : 0));
    return [pad(dy!, before, after)];
  },
});

/** An end of `-n - 1` or less means "past the first element", for steps of -1. */
const endOf = (end: number, n: number): number => (end < 0 ? Math.max(end + n, -1) : Math.min(end, n));

/** `pads` as in ONNX: the zeros before each axis, then those after each axis. */
export const Pad = defineOp<{ pads: readonly number[] }>({
  type: "Pad",
  lists: ["pads"],
  infer: ([x], { pads }) => [x!.shape.map((n, i) => n + pads[i]! + pads[i + x!.shape.length]!)],
  grad: ({ inputs: [x], attrs: { pads }, cotangents: [dy] }) => {
    const axes = x!.shape.flatMap((_, i) => (pads[i] || pads[i + x!.shape.length] ? [i] : []));
    const starts = axes.map((i) => pads[i]!);
    return [
      slice(
        dy!,
        axes,
        starts,
        starts.map((start, k) => start + x!.shape[axes[k]!]!),
      ),
    ];
  },
});

export const reshape = (x: Value, shape: Shape): Value =>
  shape.length === x.shape.length && shape.every((n, i) => n === x.shape[i]) ? x : apply1(Reshape, [x], { shape });
export const transpose = (x: Value, perm: readonly number[]): Value => apply1(Transpose, [x], { perm });
export const concat = (values: readonly Value[], axis: number): Value => apply1(Concat, values, { axis });
export const split = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
  sizes.length === 1 ? [x] : apply(Split, [x], { axis, split: sizes });
/** `x[start:end]` along each of `axes`. */
export const slice = (x: Value, axes: readonly number[], starts: readonly number[], ends: readonly number[]): Value =>
  stridedSlice(x, { axes, starts, ends, steps: axes.map(() => 1) });
export const stridedSlice = (x: Value, attrs: SliceAttributes): Value => apply1(Slice, [x], attrs);
/** The last axis backwards. */
export const reverseLast = (x: Value): Value => {
  const n = x.shape.at(-1)!;
  return stridedSlice(x, { axes: [x.shape.length - 1], starts: [n - 1], ends: [-n - 1], steps: [-1] });
};
/** Zeros around `x`: so many before and after each axis. */
export const pad = (x: Value, before: readonly number[], after: readonly number[]): Value =>
  apply1(Pad, [x], { pads: [...before, ...after] });
export const zeros = (shape: Shape): Value => constant(new Float32Array(count(shape)), shape);
