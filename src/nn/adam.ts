/** @file Adam with AMSGrad and L2 weight decay (Kingma & Ba 2015; Reddi et al. 2018), in PyTorch's form. */

import { add, div, max, mul, sqrt, sub } from "../graph/ops/elementwise.ts";
import { scalar, type Value } from "../graph/value.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Moments of the gradient: mean, mean square, and the largest mean square so far. */
export interface Moments {
  readonly mean: Value;
  readonly square: Value;
  readonly largest: Value;
}

/** What changes from step to step; `adamScalars` computes it. */
export interface AdamScalars {
  readonly stepSize: Value;
  readonly correction: Value;
}

/** Values of `AdamScalars` for step t = 1, 2, ...: lr / (1 - b1^t) and 1 / sqrt(1 - b2^t). */
export function adamScalars(learningRate: number, step: number): { stepSize: number; correction: number } {
  return { stepSize: learningRate / (1 - BETA1 ** step), correction: 1 / Math.sqrt(1 - BETA2 ** step) };
}

/**
 * g += decay w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  u = max(u, v);
 * w -= stepSize m / (correction sqrt(u) + epsilon)
 */
export function adam(
  weights: Value,
  gradient: Value,
  { moments, scalars, weightDecay }: { moments: Moments; scalars: AdamScalars; weightDecay: number },
): { weights: Value; moments: Moments } {
  const g = weightDecay > 0 ? add(gradient, mul(weights, scalar(weightDecay))) : gradient;
  const mean = add(mul(moments.mean, scalar(BETA1)), mul(g, scalar(1 - BETA1)));
  const square = add(mul(moments.square, scalar(BETA2)), mul(mul(g, g), scalar(1 - BETA2)));
  const largest = max(moments.largest, square);
  // Divided by the correction above and below the line: a pass over all weights less, 64 MB of them in M4.
  const { stepSize, correction } = scalars;
  const ratio = div(mean, add(sqrt(largest), div(scalar(EPSILON), correction)));
  return { weights: sub(weights, mul(ratio, div(stepSize, correction))), moments: { mean, square, largest } };
}
