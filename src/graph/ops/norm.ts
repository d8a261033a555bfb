/** @file Normalisation over a batch (per channel) and over the last axis. */

import { apply, apply1, count, defineOp, scalar, type Value } from "../value.ts";
import { add, div, mul, neg, sqrt, sub } from "./elementwise.ts";
import { reduceMean, reduceSum } from "./reduce.ts";
import { reshape } from "./shape.ts";

/** Batch norm counts five operations an element in the paper's tool, layer norm too (docs/method.md). */
const fivePerElement = (_: readonly Value[], [y]: readonly Value[]) => ({ macs: 0, paper: 5 * count(y!.shape) });

function firstOnly([dy, ...statistics]: readonly (Value | null)[]): Value {
  if (!dy || statistics.some((cotangent) => cotangent !== null))
    throw new Error("a loss may depend on the normalised values only, not on their mean or variance");
  return dy;
}

export interface BatchNormAttributes {
  readonly epsilon: number;
  readonly momentum: number;
  readonly training_mode: number;
}

/**
 * x [N, C, ...], scale, bias, mean, variance [C] -> y = scale (x - mean) / sqrt(variance + epsilon) + bias.
 * In training mode the statistics of the batch take the place of the last two inputs; at momentum 0 they are also
 * outputs 1 and 2 (the variance divides by the element count). One pass of the CPU kernel costs a third of the same
 * made of reductions and products.
 */
export const BatchNormalization = defineOp<BatchNormAttributes>({
  type: "BatchNormalization",
  attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer: ([x, scale], { training_mode, momentum }) => {
    if (training_mode && momentum !== 0) throw new Error(`BatchNormalization: momentum must be 0, got ${momentum}`);
    return [x!.shape, ...(training_mode ? [scale!.shape, scale!.shape] : [])];
  },
  // Fixed statistics: dX = scale / deviation dY, dMean = -scale / deviation dBias,
  // dVariance = -scale / (2 deviation^2) dScale
  grad: ({ inputs: [x, scale, , ...fixed], outputs: [, ...batch], attrs, cotangents, needs }) => {
    const dy = firstOnly(cotangents);
    const { epsilon, training_mode } = attrs;
    if (training_mode) return apply(BatchNormGrad, [x!, scale!, ...batch, dy], { epsilon });
    const { channels, inverse, slope, dScale, dBias } = sums([x!, scale!, ...fixed, dy], epsilon);
    return [
      needs[0] ? mul(dy, channels(slope)) : null,
      needs[1] ? dScale : null,
      needs[2] ? dBias : null,
      needs[3] ? neg(mul(slope, dBias)) : null,
      needs[4] ? mul(mul(mul(slope, inverse), dScale), scalar(-0.5)) : null,
    ];
  },
  // The WebGPU and CUDA kernels know no training mode.
  lowering: ([x, scale, bias], { epsilon, training_mode }) => {
    if (!training_mode) return null;
    const axes = [...x!.shape.keys()].filter((axis) => axis !== 1);
    const channels = (v: Value) => reshape(v, [scale!.shape[0]!, ...x!.shape.slice(2).map(() => 1)]);
    const mean = reduceMean(x!, axes);
    const centred = sub(x!, channels(mean));
    const variance = reduceMean(mul(centred, centred), axes);
    const slope = div(scale!, sqrt(add(variance, scalar(epsilon))));
    return [add(mul(centred, channels(slope)), channels(bias!)), mean, variance];
  },
  cost: fivePerElement,
});

/** Over the elements of a channel, h = (x - mean) / deviation: dScale = sum(dY h), dBias = sum(dY). */
function sums([x, scale, mean, variance, dy]: readonly Value[], epsilon: number) {
  const axes = [...x!.shape.keys()].filter((axis) => axis !== 1);
  const channels = (v: Value) => reshape(v, [scale!.shape[0]!, ...x!.shape.slice(2).map(() => 1)]);
  const inverse = div(scalar(1), sqrt(add(variance!, scalar(epsilon))));
  const centred = sub(x!, channels(mean!));
  const dScale = mul(reduceSum(mul(dy!, centred), axes), inverse);
  return { channels, inverse, centred, slope: mul(scale!, inverse), dScale, dBias: reduceSum(dy!, axes) };
}

/**
 * x, scale, mean and variance of the batch, dY -> dX, dScale, dBias; with M elements a channel
 * dX = scale / deviation (dY - (dBias + h dScale) / M).
 */
const BatchNormGrad = defineOp<{ epsilon: number }>({
  type: "BatchNormGrad",
  attributes: { epsilon: "float" },
  composite: true,
  infer: ([x, scale]) => [x!.shape, scale!.shape, scale!.shape],
  grad: "none",
  lowering: (inputs, { epsilon }) => {
    const [x, scale, , , dy] = inputs;
    const { channels, inverse, centred, slope, dScale, dBias } = sums(inputs, epsilon);
    const perElement = mul(slope, scalar(-scale!.shape[0]! / count(x!.shape)));
    const statistics = mul(centred, channels(mul(mul(perElement, inverse), dScale)));
    return [add(mul(dy!, channels(slope)), add(statistics, channels(mul(perElement, dBias)))), dScale, dBias];
  },
});

/** Fixed statistics: `params` are scale, bias, mean, variance, all [C]. */
export const batchNormalization = (x: Value, params: readonly Value[], epsilon: number): Value =>
  apply1(BatchNormalization, [x, ...params], { epsilon, momentum: 0.9, training_mode: 0 });

/**
 * Statistics of the batch: `[y, mean, variance]`, variance over the element count. The kernel ignores the values of its
 * last two inputs here, but ONNX Runtime 1.30 may write the statistics into their memory even when others read it: so
 * they are two values of their own.
 */
export function batchNormalizationTraining(
  x: Value,
  [scale, bias]: readonly [Value, Value],
  epsilon: number,
): readonly Value[] {
  const own = (value: Value) => mul(value, scalar(0));
  return apply(BatchNormalization, [x, scale, bias, own(scale), own(bias)], { epsilon, momentum: 0, training_mode: 1 });
}

/** x [..., d], scale, bias [d] -> y, mean, 1 / deviation, the last two [..., 1] */
export const LayerNormalization = defineOp<{ epsilon: number; axis: number }>({
  type: "LayerNormalization",
  attributes: { epsilon: "float", axis: "int" },
  infer: ([x], { axis }) => {
    if (axis !== x!.shape.length - 1) throw new Error(`LayerNormalization: axis must be the last of [${x!.shape}]`);
    const kept = [...x!.shape.slice(0, -1), 1];
    return [x!.shape, kept, kept];
  },
  // h = (x - mean) / deviation, g = scale dY: dX = (g - mean(g) - h mean(g h)) / deviation
  grad: ({ inputs: [x, scale], outputs: [, mean, inverse], cotangents, needs }) => {
    const dy = firstOnly(cotangents);
    const last = x!.shape.length - 1;
    const rows = [...Array(last).keys()];
    const normal = mul(sub(x!, mean!), inverse!);
    const g = mul(dy, scale!);
    const project = sub(sub(g, reduceMean(g, [last], true)), mul(normal, reduceMean(mul(g, normal), [last], true)));
    return [
      needs[0] ? mul(project, inverse!) : null,
      needs[1] ? reduceSum(mul(dy, normal), rows) : null,
      needs[2] ? reduceSum(dy, rows) : null,
    ];
  },
  cost: fivePerElement,
});

/** Over the last axis; `params` are scale and bias, [d]. */
export const layerNormalization = (x: Value, params: readonly [Value, Value], epsilon: number): Value =>
  apply(LayerNormalization, [x, ...params], { epsilon, axis: x.shape.length - 1 })[0]!;
