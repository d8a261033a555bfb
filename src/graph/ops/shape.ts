/** @file Ops that move elements and compute nothing. */

import { apply, apply1, BATCH, constant, count, defineOp, type Shape, type Value } from "../value.ts";

export const Reshape = defineOp<{ shape: Shape }>({
  type: "Reshape",
  attributes: { shape: "input" },
  infer: ([x], { shape }) => {
    if (count(shape) !== count(x!.shape) || (shape[0] === BATCH) !== (x!.shape[0] === BATCH))
      throw new Error(`Reshape: [${x!.shape}] does not fill [${shape}]`);
    return [shape];
  },
  grad: ({ inputs: [x], cotangents: [dy] }) => [reshape(dy!, x!.shape)],
});

export const Transpose = defineOp<{ perm: readonly number[] }>({
  type: "Transpose",
  attributes: { perm: "ints" },
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
  attributes: { axis: "int" },
  infer: (inputs, { axis }) => {
    const { shape } = inputs[0]!;
    const other = inputs.find(
      (x) => x.shape.length !== shape.length || x.shape.some((n, i) => i !== axis && n !== shape[i]),
    );
    if (other) throw new Error(`Concat: [${shape}] and [${other.shape}] differ in more than axis ${axis}`);
    return [shape.map((n, i) => (i === axis ? inputs.reduce((sum, x) => sum + x.shape[i]!, 0) : n))];
  },
  grad: ({ inputs, attrs: { axis }, cotangents: [dy] }) =>
    split(
      dy!,
      axis,
      inputs.map((x) => x.shape[axis]!),
    ),
});

export const Split = defineOp<{ axis: number; split: readonly number[] }>({
  type: "Split",
  attributes: { axis: "int", split: "input" },
  infer: ([x], { axis, split: sizes }) => {
    if (sizes.reduce((a, b) => a + b, 0) !== x!.shape[axis])
      throw new Error(`Split: sizes [${sizes}] must add up to axis ${axis} of [${x!.shape}]`);
    return sizes.map((size) => x!.shape.map((n, i) => (i === axis ? size : n)));
  },
  grad: ({ outputs, attrs: { axis }, cotangents }) => [
    concat(
      outputs.map((y, i) => cotangents[i] ?? zeros(y.shape)),
      axis,
    ),
  ],
  // The WebGPU kernel binds every output at once, of which eight are sure to fit.
  lowering: ([x], { axis, split: sizes }) => {
    if (sizes.length < 8) return null;
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return slice(x!, { axes: [axis], starts: [end - size], ends: [end] });
    });
  },
});

export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}
export const Slice = defineOp<SliceAttributes>({
  type: "Slice",
  attributes: { starts: "input", ends: "input", axes: "input", steps: "input" },
  infer: ([x], attrs) => [
    boundsOf(x!.shape, attrs).map(({ start, end, step }, axis) =>
      attrs.axes.includes(axis) ? Math.max(0, Math.ceil((end - start) / step)) : x!.shape[axis]!,
    ),
  ],
  // A step of 1 leaves a border of zeros; a strided slice is only ever taken of values that need no gradient.
  grad: ({ inputs: [x], attrs, cotangents: [dy] }) => {
    if (attrs.steps.some((step) => step !== 1))
      throw new Error(`Slice: gradient needs steps of 1, got [${attrs.steps}]`);
    const bounds = boundsOf(x!.shape, attrs);
    return [
      pad(
        dy!,
        bounds.map(({ start }) => start),
        bounds.map(({ end }, i) => x!.shape[i]! - end),
      ),
    ];
  },
});

/** First index, end and step along every axis, counted from 0; an end of -1 is "past the first element" of a step of -1. */
function boundsOf(shape: Shape, { starts, ends, axes, steps }: SliceAttributes) {
  return shape.map((n, i) => {
    const k = axes.indexOf(i);
    if (k < 0) return { start: 0, end: n, step: 1 };
    const step = steps[k]!;
    const [lowest, highest] = step > 0 ? [0, n] : [-1, n - 1];
    const clamp = (index: number) => Math.min(Math.max(index < 0 ? index + n : index, lowest), highest);
    const [start, end] = [clamp(starts[k]!), clamp(ends[k]!)];
    return { start, end: step > 0 ? Math.max(start, end) : end, step };
  });
}

/** `pads` as in ONNX: the zeros before each axis, then those after each axis; negative: so many elements are cut. */
export const Pad = defineOp<{ pads: readonly number[] }>({
  type: "Pad",
  attributes: { pads: "input" },
  infer: ([x], { pads }) => [x!.shape.map((n, i) => n + pads[i]! + pads[i + x!.shape.length]!)],
  grad: ({ attrs: { pads }, cotangents: [dy] }) => {
    const [rank, undo] = [pads.length / 2, pads.map((n) => -n)];
    return [pad(dy!, undo.slice(0, rank), undo.slice(rank))];
  },
});

/** Of a reshaped value: of what it was before. */
export function reshape(x: Value, shape: Shape): Value {
  if (shape.length === x.shape.length && shape.every((n, i) => n === x.shape[i])) return x;
  const { source } = x;
  if (source.kind === "node" && source.node.op.type === "Reshape") return reshape(source.node.inputs[0]!, shape);
  return apply1(Reshape, [x], { shape });
}
export const transpose = (x: Value, perm: readonly number[]): Value => apply1(Transpose, [x], { perm });
export const concat = (values: readonly Value[], axis: number): Value => apply1(Concat, values, { axis });
export const split = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
  sizes.length === 1 ? [x] : apply(Split, [x], { axis, split: sizes });
/** `x[start:end]` along each of `axes`. */
export const slice = (x: Value, { axes, starts, ends }: Omit<SliceAttributes, "steps">): Value =>
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
