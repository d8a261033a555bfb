/** @file Layers: functions of a scope and a value. Defaults and keys are PyTorch's. */

import { conv, convTranspose } from "../graph/ops/conv.ts";
import { add, cast, floor, greater, mul, sub } from "../graph/ops/elementwise.ts";
import { matmul, transposeLast } from "../graph/ops/linear.ts";
import { batchNormalization, batchNormalizationTraining, layerNormalization } from "../graph/ops/norm.ts";
import { reshape } from "../graph/ops/shape.ts";
import { count, scalar, type Value } from "../graph/value.ts";
import { fanIn, type Init, ones, zero } from "./init.ts";
import type { Scope } from "./scope.ts";

const NORM_EPSILON = 1e-5;
const BATCH_NORM_MOMENTUM = 0.1;

interface ConvOptions {
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
  /** Default: (kernel - 1) / 2, which keeps the size at stride 1. */
  readonly padding?: number;
  readonly group?: number;
  readonly bias?: boolean;
  /** Default: PyTorch's, by fan-in. */
  readonly init?: Init;
}

/** [N, C, H, W] -> [N, out, H / stride, W / stride] */
export function conv2d(scope: Scope, x: Value, options: ConvOptions): Value {
  const { out, kernel, stride = 1, padding = (kernel - 1) / 2, group = 1, bias = true } = options;
  const perGroup = x.shape[1]! / group;
  const init = options.init ?? fanIn(perGroup * kernel * kernel);
  const weight = scope.parameter("weight", [out, perGroup, kernel, kernel], init);
  return conv(
    x,
    weight,
    { group, strides: [stride, stride], pads: Array(4).fill(padding) },
    bias ? scope.parameter("bias", [out], init) : undefined,
  );
}

/** Transposed convolution whose windows do not overlap: [N, C, H, W] -> [N, out, kernel H, kernel W] */
export function upConv2d(scope: Scope, x: Value, { out, kernel }: { out: number; kernel: number }): Value {
  // PyTorch takes the second axis of the weight for its fan-in, which is `out` here.
  const init = fanIn(out * kernel * kernel);
  const weight = scope.parameter("weight", [x.shape[1]!, out, kernel, kernel], init);
  const attrs = { group: 1, strides: [kernel, kernel], pads: [0, 0, 0, 0], output_padding: [0, 0] };
  return convTranspose(x, weight, attrs, scope.parameter("bias", [out], init));
}

/**
 * Batch norm over [N, C, ...]. Training uses the batch's statistics and moves the running ones by a tenth towards them
 * (the variance there divides by count - 1, as PyTorch's).
 */
export function batchNorm(scope: Scope, x: Value, biasInit: Init = zero): Value {
  const channels = x.shape[1]!;
  const weight = scope.parameter("weight", [channels], ones);
  const bias = scope.parameter("bias", [channels], biasInit);
  const runningMean = scope.buffer("running_mean", [channels], 0);
  const runningVariance = scope.buffer("running_var", [channels], 1);
  if (!scope.training) return batchNormalization(x, [weight, bias, runningMean, runningVariance], NORM_EPSILON);
  const [y, mean, variance] = batchNormalizationTraining(x, [weight, bias], NORM_EPSILON);
  const elements = count(x.shape) / channels;
  const blend = (running: Value, batch: Value, factor: number) =>
    add(mul(running, scalar(1 - BATCH_NORM_MOMENTUM)), mul(batch, scalar(BATCH_NORM_MOMENTUM * factor)));
  scope.update("running_mean", blend(runningMean, mean!, 1));
  scope.update("running_var", blend(runningVariance, variance!, elements / (elements - 1)));
  return y!;
}

/** Over the last axis. */
export function layerNorm(scope: Scope, x: Value): Value {
  const width = [x.shape.at(-1)!];
  const [weight, bias] = [scope.parameter("weight", width, ones), scope.parameter("bias", width, zero)];
  return layerNormalization(x, [weight, bias], NORM_EPSILON);
}

/** [..., d] -> [..., out], weight [out, d] */
export function linear(scope: Scope, x: Value, options: { out: number; bias?: boolean; init?: Init }): Value {
  const { out, bias = true } = options;
  const width = x.shape.at(-1)!;
  const init = options.init ?? fanIn(width);
  const y = matmul(x, transposeLast(scope.parameter("weight", [out, width], init)));
  return bias ? add(y, scope.parameter("bias", [out], init)) : y;
}

// Large enough for 12 and more random bits in the fraction of a product of two float32, small enough to keep them.
const HASH_RANGE = 64;

/**
 * [rows, columns] of 0 (probability `rate`) and 1 / (1 - rate). Element (r, c) is kept when the fraction of a_r b_c is at
 * least `rate`, with a, b fresh and uniform in [0, 64): rows + columns random numbers of the seeded generator instead of
 * rows x columns, and nothing kept in the runtime, so that a resumed run draws the same masks.
 */
function keepMask(scope: Scope, [rows, columns]: readonly [number, number], rate: number): Value {
  const draw = (n: number) => mul(scope.noise(n), scalar(HASH_RANGE));
  const product = mul(reshape(draw(rows), [rows, 1]), reshape(draw(columns), [1, columns]));
  const keep = cast(greater(sub(product, floor(product)), scalar(rate)), "float32");
  return mul(keep, scalar(1 / (1 - rate)));
}

/** Zeroes elements in training and scales the others by 1 / (1 - rate). */
export function dropout(scope: Scope, x: Value, rate: number): Value {
  if (!scope.training || rate === 0) return x;
  const columns = x.shape.at(-1)!;
  return mul(x, reshape(keepMask(scope, [count(x.shape) / columns, columns], rate), x.shape));
}

/** Zeroes whole channels of [N, C, H, W] in training. */
export function channelDropout(scope: Scope, x: Value, rate: number): Value {
  if (!scope.training || rate === 0) return x;
  const [n, c] = x.shape as [number, number];
  const kept = cast(greater(scope.noise(n * c), scalar(rate)), "float32");
  return mul(x, reshape(mul(kept, scalar(1 / (1 - rate))), [n, c, 1, 1]));
}
