/** @file Layers: functions of a scope and a value. Defaults and keys are PyTorch's. */

import { conv, convTranspose } from "../graph/ops/conv.ts";
import { add, cast, floor, greater, isAbove, mul, sub } from "../graph/ops/elementwise.ts";
import { instanceNormalization } from "../graph/ops/instance-norm.ts";
import { matmul, transposeLast } from "../graph/ops/linear.ts";
import { batchNormalization, batchNormalizationTraining, layerNormalization } from "../graph/ops/norm.ts";
import { reshape } from "../graph/ops/shape.ts";
import { constant, count, perAxis, type Shape, scalar, type Value } from "../graph/value.ts";
import { fanIn, type Init, ones, zero } from "./init.ts";
import type { Scope } from "./scope.ts";

const NORM_EPSILON = 1e-5;

interface ConvOptions {
  readonly out: number;
  /** Of every spatial axis, or one an axis; stride and padding too. */
  readonly kernel: number | Shape;
  readonly stride?: number | Shape;
  /** Default: (kernel - 1) / 2, which keeps the size at stride 1. */
  readonly padding?: number | Shape;
  readonly group?: number;
  readonly bias?: boolean;
  /** Default: PyTorch's, by fan-in. */
  readonly init?: Init;
  /** What the weight goes through before it is used. */
  readonly standardize?: (weight: Value) => Value;
}

/** [N, C, ...size] -> [N, out, ...size / stride], over as many spatial axes as `x` has. */
export function convolve(scope: Scope, x: Value, options: ConvOptions): Value {
  const { out, stride = 1, group = 1, bias = true, standardize = (weight) => weight } = options;
  const rank = x.shape.length - 2;
  const kernel = perAxis(options.kernel, rank);
  const padding = options.padding === undefined ? kernel.map((k) => (k - 1) / 2) : perAxis(options.padding, rank);
  const perGroup = x.shape[1]! / group;
  const init = options.init ?? fanIn(perGroup * count(kernel));
  const weight = standardize(scope.parameter("weight", [out, perGroup, ...kernel], init));
  const attrs = { group, strides: perAxis(stride, rank), pads: [...padding, ...padding] };
  return conv(x, weight, attrs, bias ? scope.parameter("bias", [out], init) : undefined);
}

interface UpOptions extends Pick<ConvOptions, "out" | "kernel" | "bias"> {
  /** Default: the kernel, so that windows do not overlap. */
  readonly stride?: number | Shape;
}

/** Transposed convolution: [N, C, ...size] -> [N, out, ...stride size]; an odd pixel too much is cut in front. */
export function upConvolve(scope: Scope, x: Value, options: UpOptions): Value {
  const { out, stride = options.kernel, bias = true } = options;
  const rank = x.shape.length - 2;
  const [kernel, strides] = [perAxis(options.kernel, rank), perAxis(stride, rank)];
  const init = fanIn(out * count(kernel)); // PyTorch takes the second axis of the weight for its fan-in
  const weight = scope.parameter("weight", [x.shape[1]!, out, ...kernel], init);
  const padding = kernel.map((k, i) => Math.ceil((k - strides[i]!) / 2));
  const output_padding = kernel.map((k, i) => strides[i]! - k + 2 * padding[i]!);
  const attrs = { group: 1, strides, pads: [...padding, ...padding], output_padding };
  return convTranspose(x, weight, attrs, bias ? scope.parameter("bias", [out], init) : undefined);
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
  scope.update("running_mean", mean!);
  scope.update("running_var", mul(variance!, scalar(elements / (elements - 1))));
  return y!;
}

/** Over the last axis. */
export function layerNorm(scope: Scope, x: Value, epsilon = NORM_EPSILON): Value {
  const width = [x.shape.at(-1)!];
  const [weight, bias] = [scope.parameter("weight", width, ones), scope.parameter("bias", width, zero)];
  return layerNormalization(x, [weight, bias], epsilon);
}

/** Over all pixels of each of `groups` equal groups of channels of [N, C, ...], item by item. */
export function groupNorm(
  scope: Scope,
  x: Value,
  { groups, epsilon = NORM_EPSILON }: { groups: number; epsilon?: number },
): Value {
  const [n, channels, ...size] = x.shape as [number, number, ...number[]];
  if (channels % groups !== 0) throw new Error(`groupNorm: ${groups} groups must divide ${channels} channels`);
  const fill = (value: number) => constant(new Float32Array(groups).fill(value), [groups]);
  const grouped = reshape(x, [n, groups, (channels / groups) * count(size)]);
  const normal = reshape(instanceNormalization(grouped, [fill(1), fill(0)], epsilon), x.shape);
  const perChannel = (name: string, init: Init) =>
    reshape(scope.parameter(name, [channels], init), [channels, ...size.map(() => 1)]);
  return add(mul(normal, perChannel("weight", ones)), perChannel("bias", zero));
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
  return mul(isAbove(sub(product, floor(product)), rate), scalar(1 / (1 - rate)));
}

/** Zeroes elements in training and scales the others by 1 / (1 - rate). */
export function dropout(scope: Scope, x: Value, rate: number): Value {
  if (!scope.training || rate === 0) return x;
  const columns = x.shape.at(-1)!;
  return mul(x, reshape(keepMask(scope, [count(x.shape) / columns, columns], rate), x.shape));
}

/** Zeroes whole channels of [N, C, ...] in training. */
export const channelDropout = (scope: Scope, x: Value, rate: number): Value =>
  leadingDropout(scope, x, { rate, axes: 2 });

/** Zeroes whole items of [N, ...] in training: what a residual block adds ("stochastic depth"). */
export const itemDropout = (scope: Scope, x: Value, rate: number): Value => leadingDropout(scope, x, { rate, axes: 1 });

/** One draw for each index of the first axes. */
function leadingDropout(scope: Scope, x: Value, { rate, axes }: { rate: number; axes: number }): Value {
  if (!scope.training || rate === 0) return x;
  const leading = x.shape.slice(0, axes);
  const kept = cast(greater(scope.noise(count(leading)), scalar(rate)), "float32");
  return mul(x, reshape(mul(kept, scalar(1 / (1 - rate))), [...leading, ...x.shape.slice(axes).map(() => 1)]));
}
