/** @file Normalisation of every channel of every item by its own mean and deviation. */

import { apply1, count, defineOp, scalar, type Value } from "../value.ts";
import { add, div, mul, sqrt, sub } from "./elementwise.ts";
import { reduceMean, reduceSum } from "./reduce.ts";
import { reshape } from "./shape.ts";

/** x [N, C, ...], scale, bias [C] -> scale (x - mean) / sqrt(variance + epsilon) + bias */
export const InstanceNormalization = defineOp<{ epsilon: number }>({
  type: "InstanceNormalization",
  attributes: { epsilon: "float" },
  infer: ([x]) => [x!.shape],
  // h = (x - mean) / deviation, g = scale dY: dX = (g - mean(g) - h mean(g h)) / deviation
  grad: ({ inputs: [x, scale], attrs: { epsilon }, cotangents: [dy], needs }) => {
    const pixels = [...x!.shape.keys()].slice(2);
    const mean = (value: Value) => reduceMean(value, pixels, true);
    const centred = sub(x!, mean(x!));
    const inverse = div(scalar(1), sqrt(add(mean(mul(centred, centred)), scalar(epsilon))));
    const normal = mul(centred, inverse);
    const g = mul(dy!, reshape(scale!, [scale!.shape[0]!, ...pixels.map(() => 1)]));
    const project = () => sub(sub(g, mean(g)), mul(normal, mean(mul(g, normal))));
    return [
      needs[0] ? mul(project(), inverse) : null,
      needs[1] ? reduceSum(mul(dy!, normal), [0, ...pixels]) : null,
      needs[2] ? reduceSum(dy!, [0, ...pixels]) : null,
    ];
  },
  // Instance and group norm count five operations an element in the paper's tool (docs/method.md).
  cost: (_, [y]) => ({ macs: 0, paper: 5 * count(y!.shape) }),
});

/** `params` are scale and bias, [C]. */
export const instanceNormalization = (x: Value, params: readonly [Value, Value], epsilon: number): Value =>
  apply1(InstanceNormalization, [x, ...params], { epsilon });
