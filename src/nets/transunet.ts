/**
 * @file TransUNet (Chen et al., 2021), R50-ViT-B/16: a ResNet to 1/16 of the size, a vision transformer on its map, a
 * decoder with three skips. The size must be divisible by 16; the position embedding binds the network to it.
 */

import { add, relu } from "../graph/ops/elementwise.ts";
import { resize } from "../graph/ops/resize.ts";
import { concat, pad, reshape, transpose } from "../graph/ops/shape.ts";
import type { Shape, Value } from "../graph/value.ts";
import { zero } from "../nn/init.ts";
import { batchNorm, convolve, dropout, layerNorm } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { convNormRelu2 } from "./blocks.ts";
import { defineNetwork } from "./network.ts";
import { resnetv2 } from "./resnetv2.ts";
import { attention, transformerLayer } from "./transformer.ts";

const NORM_EPSILON = 1e-6;

export const transunet = defineNetwork({
  task: "segment",
  title: "TransUNet",
  defaults: {
    ...{ width: 64, units: [3, 4, 9] as readonly number[] },
    ...{ layers: 12, dim: 768, hidden: 3072, heads: 12, dropout: 0.1 },
    /** Of the first decoder map and of the four stages up. */
    decoder: [512, 256, 128, 64, 16] as readonly number[],
  },
  build(scope, image, { outputs, config }) {
    const { skips, last } = resnetv2(scope.child("resnet"), image, config);
    const tokens = convolve(scope.child("embedding"), last, { out: config.dim, kernel: 1 });
    const coarsest = transformer(scope, tokens, config);
    let x = convolve(scope.child("decoder.conv"), coarsest, { out: config.decoder[0]!, kernel: 3, bias: false });
    x = relu(batchNorm(scope.child("decoder.norm"), x));
    for (const [i, out] of config.decoder.slice(1).entries()) {
      const size = x.shape.slice(2).map((n) => 2 * n);
      const skip = skips[skips.length - 1 - i];
      const larger = resize(x, size, { alignCorners: true });
      const joined = skip ? concat([larger, fill(skip, size)], 1) : larger;
      x = convNormRelu2(scope.child(`decoder.${i}`), joined, { out, bias: false });
    }
    return convolve(scope.child("head"), x, { out: outputs, kernel: 3 });
  },
});

/** Zeros below and to the right up to `size`: the map at 1/4 is one pixel short. */
function fill(x: Value, size: Shape): Value {
  const missing = size.map((n, i) => n - x.shape[i + 2]!);
  return missing.some((n) => n > 0) ? pad(x, [0, 0, 0, 0], [0, 0, ...missing]) : x;
}

interface TransformerConfig {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly dropout: number;
}

/** [N, dim, h, w] -> [N, dim, h, w]; every pixel is a token. */
function transformer(scope: Scope, map: Value, { layers, hidden, heads, dropout: rate }: TransformerConfig): Value {
  const [n, dim, h, w] = map.shape as [number, number, number, number];
  const tokens = transpose(reshape(map, [n, dim, h * w]), [0, 2, 1]);
  const position = scope.parameter("position", [1, h * w, dim], zero);
  const attend = (at: Scope, y: Value) => attention(at, y, { heads, dropout: 0, qkvBias: true });
  let x = dropout(scope, add(tokens, position), rate);
  for (let i = 0; i < layers; i++) {
    const options = { attend, hidden, dropout: rate, epsilon: NORM_EPSILON };
    x = transformerLayer(scope.child(`transformer.${i}`), x, options);
  }
  return reshape(transpose(layerNorm(scope.child("norm"), x, NORM_EPSILON), [0, 2, 1]), map.shape);
}
