/**
 * @file Residual 3D U-Net. Lee et al., 2017, as in the public `ResidualUNet3D`: blocks of three convolutions with group
 * norm, joined by sums. The paper does not say which one it took; this base width is the nearest to its figure that the
 * eight groups divide. The size must be divisible by 2 for each level after the first.
 */

import { add, relu } from "../graph/ops/elementwise.ts";
import { maxPool } from "../graph/ops/pool.ts";
import type { Value } from "../graph/value.ts";
import { convolve, groupNorm, upConvolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { defineNetwork } from "./network.ts";

const GROUPS = 8;

export const residualUnet3d = defineNetwork({
  task: "segment",
  dimensions: 3,
  title: "3D Residual U-Net",
  defaults: { base: 24, levels: 5 },
  build(scope, image, { outputs, config: { base, levels } }) {
    const skips: Value[] = [];
    let x = image;
    for (let level = 0; level < levels; level++) {
      if (level > 0) x = maxPool(x, 2);
      x = residualBlock(scope.child(`encoder${level + 1}`), x, base * 2 ** level);
      skips.push(x);
    }
    for (let level = levels - 1; level >= 1; level--) {
      const skip = skips[level - 1]!;
      const larger = upConvolve(scope.child(`up${level}`), x, { out: skip.shape[1]!, kernel: 3, stride: 2 });
      x = residualBlock(scope.child(`decoder${level}`), add(skip, larger), skip.shape[1]!);
    }
    return convolve(scope.child("head"), x, { out: outputs, kernel: 1 });
  },
});

/** r = first(x); ReLU(r + third(second(r))), each a group norm and a 3x3x3 convolution, the first two with a ReLU. */
function residualBlock(scope: Scope, x: Value, out: number): Value {
  const step = (i: number, y: Value) => {
    const groups = y.shape[1]! < GROUPS ? 1 : GROUPS;
    const normed = groupNorm(scope.child(`norm${i}`), y, { groups });
    return convolve(scope.child(`conv${i}`), normed, { out, kernel: 3, bias: false });
  };
  const first = relu(step(1, x));
  return relu(add(first, step(3, relu(step(2, first)))));
}
