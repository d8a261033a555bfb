/** @file Reductions over axes, and `expand`, their transpose. */

import { apply1, count, defineOp, type Op, type Shape, scalar, type Value } from "../value.ts";
import { broadcast, cast, equal, mul } from "./elementwise.ts";
import { reshape } from "./shape.ts";

export interface Reduction {
  readonly axes: readonly number[];
  readonly keepdims: number;
}

const reducedShape = (shape: Shape, { axes, keepdims }: Reduction): Shape =>
  shape.flatMap((n, i) => (axes.includes(i) ? (keepdims ? [1] : []) : [n]));

/** A reduction's cotangent (or output) with its axes back as 1, ready to broadcast over the input. */
const kept = (value: Value, input: Value, axes: readonly number[]): Value =>
  reshape(value, reducedShape(input.shape, { axes, keepdims: 1 }));

/** The output and its cotangent have the reduced axes back as 1. */
interface ReductionBackward {
  readonly x: Value;
  readonly y: Value;
  readonly dy: Value;
  readonly axes: readonly number[];
}
const reduction = (type: string, grad: (node: ReductionBackward) => Value) =>
  defineOp<Reduction>({
    type,
    attributes: { axes: "input", keepdims: "int" },
    infer: ([x], attrs) => [reducedShape(x!.shape, attrs)],
    grad: ({ inputs: [x], outputs: [y], attrs: { axes }, cotangents: [dy] }) => [
      grad({ x: x!, y: kept(y!, x!, axes), dy: kept(dy!, x!, axes), axes }),
    ],
  });

export const ReduceSum = reduction("ReduceSum", ({ dy, x }) => expand(dy, x.shape));
export const ReduceMean = reduction("ReduceMean", ({ dy, x, axes }) => {
  const n = count(axes.map((axis) => x.shape[axis]!));
  return expand(mul(dy, scalar(1 / n)), x.shape);
});
// Every element equal to the maximum takes the cotangent.
export const ReduceMax = reduction("ReduceMax", ({ dy, x, y }) => mul(dy, cast(equal(x, y), "float32")));

export const Expand = defineOp<{ shape: Shape }>({
  type: "Expand",
  attributes: { shape: "input" },
  infer: ([x], { shape }) => [broadcast(x!.shape, shape, "Expand")],
  grad: ({ cotangents: [dy] }) => [dy!],
});

const reduce =
  (op: Op<Reduction>) =>
  (x: Value, axes: readonly number[], keepdims = false): Value =>
    axes.length > 0 ? apply1(op, [x], { axes, keepdims: Number(keepdims) }) : x; // ONNX takes no axes for all axes
export const reduceSum = reduce(ReduceSum);
export const reduceMean = reduce(ReduceMean);
export const reduceMax = reduce(ReduceMax);
export const expand = (x: Value, shape: Shape): Value => apply1(Expand, [x], { shape });
