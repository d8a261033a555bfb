/** @file The convolutional front of TransUNet: ResNet V2 with standardized weights and group norm. [N, C, H, W] */

import { add, div, mul, relu, sqrt, sub } from "../graph/ops/elementwise.ts";
import { maxPool } from "../graph/ops/pool.ts";
import { reduceMean } from "../graph/ops/reduce.ts";
import { scalar, type Value } from "../graph/value.ts";
import { convolve, groupNorm } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";

const [GROUPS, GROUP_EPSILON, WEIGHT_EPSILON] = [32, 1e-6, 1e-5];

/** Maps at 1/2, about 1/4 and 1/8 of the size, and the last one at 1/16; `units` are the blocks of the three stages. */
export function resnetv2(
  scope: Scope,
  image: Value,
  { width, units }: { width: number; units: readonly number[] },
): { skips: Value[]; last: Value } {
  const root = standardConv(scope.child("root.conv"), image, { out: width, kernel: 7, stride: 2 });
  const stem = relu(norm(scope.child("root.norm"), root));
  const skips = [stem];
  let x = maxPool(stem, 3, { stride: 2 }); // unpadded: 31 x 31 of 64 x 64
  for (const [stage, blocks] of units.entries()) {
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      x = bottleneck(scope.child(`stage${stage + 1}.${i}`), x, { out: 4 * width * 2 ** stage, stride });
    }
    skips.push(x);
  }
  return { skips: skips.slice(0, -1), last: x };
}

const norm = (scope: Scope, x: Value): Value => groupNorm(scope, x, { groups: GROUPS, epsilon: GROUP_EPSILON });

/** Every filter has mean 0 and variance 1. */
function standardize(weight: Value): Value {
  const axes = [...weight.shape.keys()].slice(1);
  const centred = sub(weight, reduceMean(weight, axes, true));
  const variance = reduceMean(mul(centred, centred), axes, true);
  return div(centred, sqrt(add(variance, scalar(WEIGHT_EPSILON))));
}

const standardConv = (scope: Scope, x: Value, options: { out: number; kernel: number; stride?: number }): Value =>
  convolve(scope, x, { ...options, bias: false, standardize });

/** 1x1 to a quarter, 3x3, 1x1 to `out`, each with its norm; ReLU of the sum with x or its projection. */
function bottleneck(scope: Scope, x: Value, { out, stride }: { out: number; stride: number }): Value {
  const middle = out / 4;
  let y = relu(norm(scope.child("norm1"), standardConv(scope.child("conv1"), x, { out: middle, kernel: 1 })));
  y = relu(norm(scope.child("norm2"), standardConv(scope.child("conv2"), y, { out: middle, kernel: 3, stride })));
  y = norm(scope.child("norm3"), standardConv(scope.child("conv3"), y, { out, kernel: 1 }));
  if (x.shape[1] === out && stride === 1) return relu(add(x, y));
  const projected = standardConv(scope.child("downsample"), x, { out, kernel: 1, stride });
  return relu(add(groupNorm(scope.child("downsample_norm"), projected, { groups: out }), y));
}
