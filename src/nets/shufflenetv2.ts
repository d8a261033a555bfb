/**
 * @file ShuffleNetV2 (Ma et al., ECCV 2018) with the reduced widths of Med-DANet's decision network. No layer has a
 * bias. Initial weights are those of the public code.
 */

import { relu } from "../graph/ops/elementwise.ts";
import { averagePool, maxPool } from "../graph/ops/pool.ts";
import { concat, reshape, split } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import type { Init } from "../nn/init.ts";
import { batchNorm, convolve, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { defineNetwork } from "./network.ts";

const BLOCKS_PER_STAGE = [4, 8, 4];
const NORM_BIAS: Init = { kind: "constant", value: 0.0001 };
const STEM_AND_CLASSIFIER: Init = { kind: "normal", sd: 0.01 };

export const shufflenetv2 = defineNetwork({
  task: "decide",
  title: "ShuffleNetV2",
  /** Widths of the stem, the three stages and the last convolution. */
  defaults: { widths: [12, 24, 48, 96, 256] as readonly number[] },
  build(scope, image, { outputs, config: { widths } }) {
    const stem = scope.child("stem");
    const convolved = convolve(stem.child("conv"), image, {
      out: widths[0]!,
      kernel: 3,
      stride: 2,
      bias: false,
      init: STEM_AND_CLASSIFIER,
    });
    let x = maxPool(relu(batchNorm(stem.child("norm"), convolved, NORM_BIAS)), 3, { stride: 2, padding: 1 });
    for (const [i, blocks] of BLOCKS_PER_STAGE.entries()) {
      const stage = scope.child(`stage${i + 2}`);
      x = downBlock(stage.child("0"), x, widths[i + 1]!);
      for (let block = 1; block < blocks; block++) x = shuffleBlock(stage.child(`${block}`), x);
    }
    const last = scope.child("last");
    x = relu(batchNorm(last.child("norm"), pointwise(last.child("conv"), x, widths[4]!), NORM_BIAS));
    return linear(scope.child("classifier"), pool(x, image), {
      out: outputs,
      bias: false,
      init: STEM_AND_CLASSIFIER,
    });
  },
});

/**
 * The mean over windows of floor(size / 32): the whole map at 128; at 240 seven of eight rows and columns, as the public
 * code does. One window remains in both. [N, C, h, w] -> [N, C]
 */
function pool(x: Value, image: Value): Value {
  const pooled = averagePool(x, Math.max(1, Math.floor(image.shape[2]! / 32)));
  return reshape(pooled, pooled.shape.slice(0, 2));
}

// Every convolution but the stem starts as N(0, 1 / inputs of a group).
const byInputs = (n: number): Init => ({ kind: "normal", sd: 1 / n });
const pointwise = (scope: Scope, x: Value, out: number): Value =>
  convolve(scope, x, { out, kernel: 1, bias: false, init: byInputs(x.shape[1]!) });
const depthwise = (scope: Scope, x: Value, stride: number): Value =>
  convolve(scope, x, { out: x.shape[1]!, kernel: 3, stride, group: x.shape[1]!, bias: false, init: byInputs(1) });
const norm = (scope: Scope, x: Value): Value => batchNorm(scope, x, NORM_BIAS);

/** 1x1 (BN, ReLU), depthwise 3x3 (BN), 1x1 to `out` (BN, ReLU); the middle is as wide as `middle`. */
function branch(
  scope: Scope,
  x: Value,
  { middle, out, stride }: { middle: number; out: number; stride: number },
): Value {
  const narrow = relu(norm(scope.child("norm1"), pointwise(scope.child("pointwise1"), x, middle)));
  const spatial = norm(scope.child("norm2"), depthwise(scope.child("depthwise"), narrow, stride));
  return relu(norm(scope.child("norm3"), pointwise(scope.child("pointwise2"), spatial, out)));
}

/** First block of a stage: half the size, `out` channels; both branches read the whole input. */
function downBlock(scope: Scope, x: Value, out: number): Value {
  const width = x.shape[1]!;
  const left = scope.child("left");
  const spatial = norm(left.child("norm1"), depthwise(left.child("depthwise"), x, 2));
  const kept = relu(norm(left.child("norm2"), pointwise(left.child("pointwise"), spatial, width)));
  const right = branch(scope.child("right"), x, { middle: out / 2, out: out - width, stride: 2 });
  return concat([kept, right], 1);
}

/** Even channels pass, odd channels go through the branch; concatenated, which shuffles them for the next block. */
function shuffleBlock(scope: Scope, x: Value): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const pairs = split(reshape(x, [n, c / 2, 2, h * w]), 2, [1, 1]);
  const [even, odd] = pairs.map((half) => reshape(half, [n, c / 2, h, w])) as [Value, Value];
  return concat([even, branch(scope.child("branch"), odd, { middle: c / 2, out: c / 2, stride: 1 })], 1);
}
