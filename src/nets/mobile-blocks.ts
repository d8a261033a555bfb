/** @file What MobileNetV2 and GhostNet share. */

import type { Value } from "../graph/value.ts";
import type { Init } from "../nn/init.ts";
import { batchNorm, convolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";

/** The nearest multiple of `divisor` that is not more than a tenth below `width`. */
export function divisible(width: number, divisor: number): number {
  const nearest = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * width ? nearest + divisor : nearest;
}

export interface ConvNormOptions {
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly group?: number;
  readonly init?: Init;
}

/** A convolution without bias, and its batch norm. */
export const convNorm = (scope: Scope, x: Value, options: ConvNormOptions): Value =>
  batchNorm(scope.child("norm"), convolve(scope.child("conv"), x, { ...options, bias: false }));
