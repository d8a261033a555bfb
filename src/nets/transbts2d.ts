/**
 * @file 2D TransBTS (M3: 1 transformer layer, M4: 4). Wang et al., MICCAI 2021, brought to two dimensions in Med-DANet
 * section 4.1. The size must be divisible by 8; the position embedding binds the network to one size.
 */

import { add, gelu, mul, relu } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { reshape, split, transpose } from "../graph/ops/shape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { scalar, type Value } from "../graph/value.ts";
import { zero } from "../nn/init.ts";
import { batchNorm, convolve, dropout, layerNorm, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { convNormRelu2, decoder, encoder, postActivationBlock } from "./blocks.ts";
import { defineNetwork } from "./network.ts";

interface TransformerConfig {
  readonly heads: number;
  readonly hidden: number;
  readonly tokenDropout: number;
}

export const transbts2d = defineNetwork({
  task: "segment",
  title: "2D TransBTS",
  defaults: { base: 16, dropout: 0.2, layers: 1, dim: 512, hidden: 2048, heads: 8, tokenDropout: 0.1 },
  build(scope, image, { outputs, config }) {
    const levels = encoder(scope, image, config);
    const coarsest = levels[3]!; // [N, 8 base, h, w] with h, w = 1/8
    const [n, width, h, w] = coarsest.shape as [number, number, number, number];
    const projection = scope.child("projection");
    const normed = relu(batchNorm(projection.child("norm"), coarsest));
    const map = convolve(projection.child("conv"), normed, { out: config.dim, kernel: 3 });
    let x = transpose(reshape(map, [n, config.dim, h * w]), [0, 2, 1]); // [N, T, dim], T = h w, row-major
    x = dropout(scope, add(x, scope.parameter("position", [1, h * w, config.dim], zero)), config.tokenDropout);
    for (let i = 0; i < config.layers; i++) x = transformerLayer(scope.child(`transformer.${i}`), x, config);
    x = layerNorm(scope.child("norm"), x);
    const back = reshape(transpose(x, [0, 2, 1]), [n, config.dim, h, w]);
    const mixed = convNormRelu2(scope.child("enblock1"), back, width);
    const refined = postActivationBlock(scope.child("enblock2"), mixed);
    return decoder(scope, refined, { skips: levels.slice(0, 3), block: postActivationBlock, outputs });
  },
});

/** x + Drop(Attention(LN(x))), then + FC2(Drop(GELU(FC1(LN(x))))): [N, T, dim] */
function transformerLayer(scope: Scope, x: Value, { heads, hidden, tokenDropout: rate }: TransformerConfig): Value {
  const attended = attention(scope.child("attention"), layerNorm(scope.child("norm1"), x), { heads, rate });
  const middle = add(x, dropout(scope, attended, rate));
  const mlp = scope.child("mlp");
  const wide = gelu(linear(mlp.child("fc1"), layerNorm(scope.child("norm2"), middle), { out: hidden }));
  const narrow = linear(mlp.child("fc2"), dropout(scope, wide, rate), { out: x.shape[2]! });
  return add(middle, dropout(scope, narrow, rate));
}

/** Proj(softmax(Q K^T / sqrt(d)) V) over heads of width d; the 3 dim outputs of `qkv` are ordered Q, K, V. */
function attention(scope: Scope, x: Value, { heads, rate }: { heads: number; rate: number }): Value {
  const [n, tokens, dim] = x.shape as [number, number, number];
  const d = dim / heads;
  const qkv = linear(scope.child("qkv"), x, { out: 3 * dim, bias: false });
  const byHead = transpose(reshape(qkv, [n, tokens, 3 * heads, d]), [0, 2, 1, 3]); // [N, 3 heads, T, d]
  const [q, k, v] = split(byHead, 1, [heads, heads, heads]) as [Value, Value, Value];
  const scores = matmul(mul(q, scalar(d ** -0.5)), transpose(k, [0, 1, 3, 2])); // [N, heads, T, T]
  const mixed = matmul(dropout(scope, softmax(scores, 3), rate), v);
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [n, tokens, dim]);
  return dropout(scope, linear(scope.child("proj"), joined, { out: dim }), rate);
}
