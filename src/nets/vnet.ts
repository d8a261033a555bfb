/**
 * @file V-Net. Milletari et al., 3DV 2016, in its common PyTorch form: ELU, batch norm, strided convolutions down, skips by
 * concatenation. The size must be divisible by 2 for each stage.
 */

import { add, elu } from "../graph/ops/elementwise.ts";
import { concat, slice } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import { batchNorm, channelDropout, convolve, upConvolve } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { defineNetwork } from "./network.ts";

/** Between the two convolutions of the output; the common code has 2 for two classes. */
const OUTPUT_WIDTH = 2;

export const vnet = defineNetwork({
  task: "segment",
  dimensions: 3,
  title: "V-Net",
  /** Convolutions of each stage down, finest first, and up, coarsest first; the two coarsest stages each way drop out. */
  defaults: { base: 16, down: [1, 2, 3, 2] as readonly number[], up: [2, 2, 1, 1] as readonly number[], dropout: 0.5 },
  build(scope, image, { outputs, config: { base, down, up, dropout } }) {
    const first = scope.child("input");
    let x = batchNorm(first.child("norm"), convolve(first.child("conv"), image, { out: base, kernel: 5 }));
    x = elu(add(x, repeatChannels(image, base)));
    const skips = [x];
    for (const [i, convolutions] of down.entries()) {
      const stage = scope.child(`down${i + 1}`);
      const halved = convolve(stage.child("down"), x, { out: 2 * x.shape[1]!, kernel: 2, stride: 2, padding: 0 });
      const shortcut = elu(batchNorm(stage.child("norm"), halved));
      const dropped = i >= down.length - 2 ? channelDropout(scope, shortcut, dropout) : shortcut;
      x = residual(stage, dropped, { convolutions, shortcut });
      skips.push(x);
    }
    for (const [i, convolutions] of up.entries()) {
      const stage = scope.child(`up${i + 1}`);
      const skip = channelDropout(scope, skips[down.length - 1 - i]!, dropout);
      const wide = i < 2 ? channelDropout(scope, x, dropout) : x;
      const doubled = upConvolve(stage.child("up"), wide, { out: skip.shape[1]!, kernel: 2 });
      const joined = concat([elu(batchNorm(stage.child("norm"), doubled)), skip], 1);
      x = residual(stage, joined, { convolutions, shortcut: joined });
    }
    const last = scope.child("output");
    x = elu(batchNorm(last.child("norm"), convolve(last.child("conv1"), x, { out: OUTPUT_WIDTH, kernel: 5 })));
    return convolve(last.child("conv2"), x, { out: outputs, kernel: 1 });
  },
});

/** ELU(shortcut + (conv5x5x5, BN, ELU for each of the convolutions)) */
function residual(
  scope: Scope,
  x: Value,
  { convolutions, shortcut }: { convolutions: number; shortcut: Value },
): Value {
  let y = x;
  for (let i = 1; i <= convolutions; i++) {
    const convolved = convolve(scope.child(`conv${i}`), y, { out: x.shape[1]!, kernel: 5 });
    y = elu(batchNorm(scope.child(`norm${i}`), convolved));
  }
  return elu(add(y, shortcut));
}

/** The channels of x over and over until there are `width`. */
function repeatChannels(x: Value, width: number): Value {
  const copies = concat(Array<Value>(Math.ceil(width / x.shape[1]!)).fill(x), 1);
  return slice(copies, { axes: [1], starts: [0], ends: [width] });
}
