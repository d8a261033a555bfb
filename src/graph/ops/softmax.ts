/** @file Softmax and its logarithm over one axis. */

import { apply1, defineOp, type Value } from "../value.ts";
import { exp, log, mul, sub } from "./elementwise.ts";
import { reduceMax, reduceSum } from "./reduce.ts";

// dX = Y (dY - sum(dY Y))
export const Softmax = defineOp<{ axis: number }>({
  type: "Softmax",
  attributes: { axis: "int" },
  infer: ([x]) => [x!.shape],
  grad: ({ outputs: [y], attrs: { axis }, cotangents: [dy] }) => [
    mul(y!, sub(dy!, reduceSum(mul(dy!, y!), [axis], true))),
  ],
});

// dX = dY - softmax(X) sum(dY)
export const LogSoftmax = defineOp<{ axis: number }>({
  type: "LogSoftmax",
  attributes: { axis: "int" },
  infer: ([x]) => [x!.shape],
  grad: ({ outputs: [y], attrs: { axis }, cotangents: [dy] }) => [sub(dy!, mul(exp(y!), reduceSum(dy!, [axis], true)))],
  // No WebGPU kernel: z = x - max(x), z - log sum exp(z)
  lowering: ([x], { axis }) => {
    const below = sub(x!, reduceMax(x!, [axis], true));
    return [sub(below, log(reduceSum(exp(below), [axis], true)))];
  },
});

/** `axis` counts from 0. */
export const softmax = (x: Value, axis: number): Value => apply1(Softmax, [x], { axis });
export const logSoftmax = (x: Value, axis: number): Value => apply1(LogSoftmax, [x], { axis });
