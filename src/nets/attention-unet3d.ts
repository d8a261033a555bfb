/**
 * @file Attention U-Net. Oktay et al., MIDL 2018: the public `unet_grid_attention_3D` at feature scale 4, which convolves
 * and pools within slices only and mixes them where it attends. Height and width must be divisible by 16, depth by 2.
 */

import { add, mul, relu, sigmoid } from "../graph/ops/elementwise.ts";
import { maxPool } from "../graph/ops/pool.ts";
import { resize } from "../graph/ops/resize.ts";
import { concat } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import { batchNorm, convolve, upConvolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { convNormRelu2 } from "./blocks.ts";
import { defineNetwork } from "./network.ts";

const LEVELS = 5;

export const attentionUnet3d = defineNetwork({
  task: "segment",
  dimensions: 3,
  title: "3D Attention U-Net",
  defaults: { base: 16 },
  build(scope, image, { outputs, config: { base } }) {
    const levels: Value[] = [];
    for (let level = 0, x = image; level < LEVELS; level++) {
      if (level > 0) x = maxPool(x, [1, 2, 2]);
      x = inSlices(scope.child(`encoder${level + 1}`), x, base * 2 ** level);
      levels.push(x);
    }
    let x = levels[LEVELS - 1]!;
    const gating = scope.child("gating");
    const narrow = convolve(gating.child("conv"), x, { out: x.shape[1]! / 2, kernel: 1 });
    const gate = relu(batchNorm(gating.child("norm"), narrow));
    for (let level = LEVELS - 1; level >= 1; level--) {
      const skip = levels[level - 1]!;
      const attended = level > 1 ? attend(scope.child(`attention${level}`), skip, gate) : skip;
      const stage = scope.child(`decoder${level}`);
      const larger = upConvolve(stage.child("up"), x, { out: skip.shape[1]!, kernel: [1, 4, 4], stride: [1, 2, 2] });
      x = inSlices(stage, concat([attended, larger], 1), skip.shape[1]!);
    }
    return convolve(scope.child("head"), x, { out: outputs, kernel: 1 });
  },
});

const inSlices = (scope: Scope, x: Value, out: number): Value => convNormRelu2(scope, x, { out, kernel: [1, 3, 3] });

/** BN(W(a x)), a = sigmoid(psi(ReLU(theta(x) + phi(gate)))): attention at half the size of x, interpolated. */
function attend(scope: Scope, x: Value, gate: Value): Value {
  const out = x.shape[1]!;
  const theta = convolve(scope.child("theta"), x, { out, kernel: 2, stride: 2, padding: 0, bias: false });
  const phi = convolve(scope.child("phi"), gate, { out, kernel: 1 });
  const joint = relu(add(theta, resize(phi, theta.shape.slice(2))));
  const weight = sigmoid(convolve(scope.child("psi"), joint, { out: 1, kernel: 1 }));
  const attended = mul(x, resize(weight, x.shape.slice(2)));
  return batchNorm(scope.child("norm"), convolve(scope.child("W"), attended, { out, kernel: 1 }));
}
