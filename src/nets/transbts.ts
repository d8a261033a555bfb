/** @file TransBTS over two or three spatial axes: encoder, transformer on the coarsest map, decoder. */

import { add, relu } from "../graph/ops/elementwise.ts";
import { reshape, transpose } from "../graph/ops/shape.ts";
import { count, type Value } from "../graph/value.ts";
import { zero } from "../nn/init.ts";
import { batchNorm, convolve, dropout, layerNorm } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { convNormRelu2, decoder, encoder, type Norm, postActivationBlock } from "./blocks.ts";
import { attention, transformerLayer } from "./transformer.ts";

interface TransbtsConfig {
  readonly base: number;
  readonly dropout: number;
  readonly layers: number;
  readonly dim: number;
  readonly hidden: number;
  readonly heads: number;
  readonly tokenDropout: number;
}

interface TransbtsOptions {
  readonly outputs: number;
  readonly config: TransbtsConfig;
  /** Of the encoder's blocks. */
  readonly norm: Norm;
  /** Whether the decoder reads the tokens through a last layer norm. */
  readonly lastNorm: boolean;
}

/** [N, C, ...size] -> logits [N, outputs, ...size]; the size must be divisible by 8. */
export function transbts(scope: Scope, image: Value, { outputs, config, norm, lastNorm }: TransbtsOptions): Value {
  const levels = encoder(scope, image, { ...config, norm });
  const coarsest = levels[3]!; // [N, 8 base, ...size / 8]
  const [n, width, ...size] = coarsest.shape as [number, number, ...number[]];
  const projection = scope.child("projection");
  const normed = relu(batchNorm(projection.child("norm"), coarsest));
  const map = convolve(projection.child("conv"), normed, { out: config.dim, kernel: 3 });
  const tokens = transpose(reshape(map, [n, config.dim, count(size)]), [0, 2, 1]); // [N, T, dim], T row-major
  const position = scope.parameter("position", [1, count(size), config.dim], zero);
  const mixed = transformer(scope, dropout(scope, add(tokens, position), config.tokenDropout), config);
  const last = lastNorm ? layerNorm(scope.child("norm"), mixed) : mixed;
  const back = reshape(transpose(last, [0, 2, 1]), [n, config.dim, ...size]);
  const narrow = convNormRelu2(scope.child("enblock1"), back, { out: width });
  const refined = postActivationBlock(scope.child("enblock2"), narrow);
  return decoder(scope, refined, { skips: levels.slice(0, 3), block: postActivationBlock, outputs });
}

/** All layers on [N, T, dim]; the result of an attention is dropped out once more than its projection. */
function transformer(scope: Scope, tokens: Value, { layers, hidden, heads, tokenDropout }: TransbtsConfig): Value {
  const attend = (at: Scope, y: Value) =>
    dropout(at, attention(at, y, { heads, dropout: tokenDropout, qkvBias: false }), tokenDropout);
  let x = tokens;
  for (let i = 0; i < layers; i++)
    x = transformerLayer(scope.child(`transformer.${i}`), x, { attend, hidden, dropout: tokenDropout });
  return x;
}
