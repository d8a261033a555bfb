/**
 * @file 3D U-Net. Cicek et al., MICCAI 2016, in the nearest definition to the figure of the tables: interpolation in place
 * of transposed convolutions, and one convolution in the last stage. The size must be divisible by 8.
 */

import { relu } from "../graph/ops/elementwise.ts";
import { maxPool } from "../graph/ops/pool.ts";
import { resize } from "../graph/ops/resize.ts";
import { concat } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import { batchNorm, convolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { defineNetwork } from "./network.ts";

export const unet3d = defineNetwork({
  task: "segment",
  dimensions: 3,
  title: "3D U-Net",
  defaults: { base: 32, levels: 4 },
  build(scope, image, { outputs, config: { base, levels } }) {
    const skips: Value[] = [];
    let x = image;
    for (let level = 0; level < levels; level++) {
      if (level > 0) x = maxPool(x, 2);
      const out = base * 2 ** (level + 1);
      x = stage(scope.child(`encoder${level + 1}`), x, [out / 2, out]);
      skips.push(x);
    }
    for (let level = levels - 1; level >= 1; level--) {
      const skip = skips[level - 1]!;
      const joined = concat([skip, resize(x, skip.shape.slice(2))], 1);
      const out = skip.shape[1]!;
      x = stage(scope.child(`decoder${level}`), joined, level > 1 ? [out, out] : [out]);
    }
    return convolve(scope.child("head"), x, { out: outputs, kernel: 1 });
  },
});

/** conv3x3x3, BN, ReLU for each of the widths. */
function stage(scope: Scope, x: Value, widths: readonly number[]): Value {
  return widths.reduce((y, out, i) => {
    const convolved = convolve(scope.child(`conv${i + 1}`), y, { out, kernel: 3 });
    return relu(batchNorm(scope.child(`norm${i + 1}`), convolved));
  }, x);
}
