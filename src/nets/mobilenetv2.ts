/**
 * @file MobileNetV2 (Sandler et al., CVPR 2018): inverted residual blocks with linear bottlenecks. Widths, initial weights
 * and dropout are those of the public code.
 */

import { add, clip } from "../graph/ops/elementwise.ts";
import { globalAveragePool } from "../graph/ops/pool.ts";
import { reshape } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import type { Init } from "../nn/init.ts";
import { dropout, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { type ConvNormOptions, convNorm, divisible } from "./mobile-blocks.ts";
import { defineNetwork } from "./network.ts";

/** Expansion, width, blocks and first stride of each stage. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
const [STEM_WIDTH, LAST_WIDTH] = [32, 1280];
const CLASSIFIER: Init = { kind: "normal", sd: 0.01 };

export const mobilenetv2 = defineNetwork({
  task: "decide",
  title: "MobileNetV2",
  defaults: { width: 1, dropout: 0.2 },
  build(scope, image, { outputs, config }) {
    const widthOf = (channels: number) => divisible(channels * config.width, 8);
    let x = convNormRelu6(scope.child("stem"), image, { out: widthOf(STEM_WIDTH), kernel: 3, stride: 2 });
    for (const [i, [expansion, width, blocks, stride]] of STAGES.entries())
      for (let block = 0; block < blocks; block++) {
        const options = { expansion, out: widthOf(width), stride: block === 0 ? stride : 1 };
        x = invertedResidual(scope.child(`stage${i + 1}.${block}`), x, options);
      }
    const out = Math.max(LAST_WIDTH, widthOf(LAST_WIDTH));
    const pooled = globalAveragePool(convNormRelu6(scope.child("last"), x, { out, kernel: 1 }));
    const features = dropout(scope, reshape(pooled, pooled.shape.slice(0, 2)), config.dropout);
    return linear(scope.child("classifier"), features, { out: outputs, init: CLASSIFIER });
  },
});

// He's initial weights, by fan-out.
const convNormHe = (scope: Scope, x: Value, options: ConvNormOptions): Value =>
  convNorm(scope, x, { ...options, init: { kind: "normal", sd: Math.sqrt(2 / (options.out * options.kernel ** 2)) } });
const convNormRelu6 = (scope: Scope, x: Value, options: ConvNormOptions): Value =>
  clip(convNormHe(scope, x, options), 0, 6);

/** 1x1 to `expansion` times the width, depthwise 3x3, 1x1 to `out` without activation; + x where the shape allows. */
function invertedResidual(
  scope: Scope,
  x: Value,
  { expansion, out, stride }: { expansion: number; out: number; stride: number },
): Value {
  const inputs = x.shape[1]!;
  const wide = expansion * inputs;
  const expanded = expansion === 1 ? x : convNormRelu6(scope.child("expand"), x, { out: wide, kernel: 1 });
  const spatial = convNormRelu6(scope.child("depthwise"), expanded, { out: wide, kernel: 3, stride, group: wide });
  const y = convNormHe(scope.child("project"), spatial, { out, kernel: 1 });
  return stride === 1 && inputs === out ? add(x, y) : y;
}
