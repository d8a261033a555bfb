/** @file Blocks that the U-shaped networks share, over two or three spatial axes: [N, channels, ...size]. */

import { add, relu } from "../graph/ops/elementwise.ts";
import { concat } from "../graph/ops/shape.ts";
import type { Shape, Value } from "../graph/value.ts";
import { batchNorm, channelDropout, convolve, upConvolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";

export type Norm = (scope: Scope, x: Value) => Value;

/** norm, ReLU, conv3x3, norm, ReLU, conv3x3, + x */
export function preActivationBlock(scope: Scope, x: Value, norm: Norm = batchNorm): Value {
  const out = x.shape[1]!;
  let y = x;
  for (const i of [1, 2]) {
    y = relu(norm(scope.child(`norm${i}`), y));
    y = convolve(scope.child(`conv${i}`), y, { out, kernel: 3 });
  }
  return add(y, x);
}

/** Twice: convolution, BN, ReLU; no residual. */
export function convNormRelu2(
  scope: Scope,
  x: Value,
  { out, kernel = 3, bias = true }: { out: number; kernel?: number | Shape; bias?: boolean },
): Value {
  let y = x;
  for (const i of [1, 2]) {
    y = convolve(scope.child(`conv${i}`), y, { out, kernel, bias });
    y = relu(batchNorm(scope.child(`norm${i}`), y));
  }
  return y;
}

/** conv3x3, BN, ReLU, conv3x3, BN, ReLU, + x */
export const postActivationBlock = (scope: Scope, x: Value): Value =>
  add(convNormRelu2(scope, x, { out: x.shape[1]! }), x);

const BLOCKS_PER_LEVEL = [1, 2, 2, 4];

/**
 * The encoder of M1-M4 and TransBTS: widths b, 2b, 4b, 8b at 1/1, 1/2, 1/4, 1/8 of the size. Returns the last block's output of each
 * level, finest first.
 */
export function encoder(
  scope: Scope,
  image: Value,
  { base, dropout, norm = batchNorm }: { base: number; dropout: number; norm?: Norm },
): Value[] {
  let x = convolve(scope.child("init"), image, { out: base, kernel: 3 });
  x = channelDropout(scope, x, dropout);
  const levels: Value[] = [];
  for (const [level, blocks] of BLOCKS_PER_LEVEL.entries()) {
    if (level > 0) x = convolve(scope.child(`down${level}`), x, { out: base * 2 ** level, kernel: 3, stride: 2 });
    for (let i = 0; i < blocks; i++) x = preActivationBlock(scope.child(`encoder${level + 1}.${i}`), x, norm);
    levels.push(x);
  }
  return levels;
}

/** One stage up: x [N, 2c, ...size], skip [N, c, ...2 size] -> [N, c, ...2 size] */
function up(scope: Scope, x: Value, skip: Value): Value {
  const out = skip.shape[1]!;
  const narrow = convolve(scope.child("conv1"), x, { out, kernel: 1 });
  const larger = upConvolve(scope.child("deconv"), narrow, { out, kernel: 2 });
  return convolve(scope.child("conv3"), concat([skip, larger], 1), { out, kernel: 1 });
}

/** From the coarsest map through the three skips (finest first) to logits [N, outputs, ...size]. */
export function decoder(
  scope: Scope,
  coarsest: Value,
  { skips, block, outputs }: { skips: readonly Value[]; block: (scope: Scope, x: Value) => Value; outputs: number },
): Value {
  let x = coarsest;
  for (let level = skips.length; level >= 1; level--) {
    x = up(scope.child(`up${level}`), x, skips[level - 1]!);
    x = block(scope.child(`decoder${level}`), x);
  }
  return convolve(scope.child("head"), x, { out: outputs, kernel: 1 });
}
