/**
 * @file Swin-UNet (Cao et al., 2021): a U-Net of transformer layers that attend within windows. The size must be 4 times a
 * power of two times the window, or give maps smaller than one window.
 */

import { concat, reshape, transpose } from "../graph/ops/shape.ts";
import type { Value } from "../graph/value.ts";
import { convolve, layerNorm, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { defineNetwork } from "./network.ts";
import { transformerLayer } from "./transformer.ts";
import { windowAttention } from "./window-attention.ts";

/** Tokens [N, H W, C] of a map, row-major. */
interface TokenMap {
  readonly x: Value;
  readonly height: number;
  readonly width: number;
}

const PATCH = 4;
const MLP_RATIO = 4;

export const swinUnet = defineNetwork({
  task: "segment",
  title: "Swin-UNet",
  sides: [128],
  defaults: {
    ...{ dim: 96, window: 4, pathDropout: 0.1 },
    /** Layers and heads of each stage, finest first; as many layers on the way up. */
    depths: [2, 2, 2, 2] as readonly number[],
    heads: [3, 6, 12, 24] as readonly number[],
  },
  build(scope, image, { outputs, config }) {
    const { dim, depths } = config;
    const stage = (name: string, map: TokenMap, level: number) =>
      attendWindows(scope.child(name), map, { ...config, level });
    const cut = { out: dim, kernel: PATCH, stride: PATCH, padding: 0 };
    const patches = convolve(scope.child("patch.conv"), image, cut);
    const [n, , height, width] = patches.shape as [number, number, number, number];
    const tokens = transpose(reshape(patches, [n, dim, height * width]), [0, 2, 1]);
    let map: TokenMap = { x: layerNorm(scope.child("patch.norm"), tokens), height, width };
    const skips: Value[] = [];
    for (const level of depths.keys()) {
      if (level > 0) map = merge(scope.child(`merge${level}`), map);
      map = stage(`down${level + 1}`, map, level);
      skips.push(map.x);
    }
    map = { ...map, x: layerNorm(scope.child("norm"), map.x) };
    for (const level of [...depths.keys()].slice(0, -1).reverse()) {
      const out = dim * 2 ** level;
      const larger = expand(scope.child(`expand${level + 1}`), map, { factor: 2, out });
      const narrow = linear(scope.child(`join${level + 1}`), concat([larger.x, skips[level]!], 2), { out });
      map = stage(`up${level + 1}`, { ...larger, x: narrow }, level);
    }
    const normed = layerNorm(scope.child("norm_up"), map.x);
    const { x } = expand(scope.child("expand0"), { ...map, x: normed }, { factor: PATCH, out: dim });
    const pixels = reshape(transpose(x, [0, 2, 1]), [n, dim, ...image.shape.slice(2)]);
    return convolve(scope.child("head"), pixels, { out: outputs, kernel: 1, bias: false });
  },
});

interface StageOptions {
  readonly level: number;
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  readonly window: number;
  readonly pathDropout: number;
}

/** The layers of a level; every second one with shifted windows. Whole branches drop out more often the coarser the level. */
function attendWindows(
  scope: Scope,
  map: TokenMap,
  { level, depths, heads, window, pathDropout }: StageOptions,
): TokenMap {
  const { height, width } = map;
  const tiled = Math.min(window, height, width);
  const sum = (layers: readonly number[]) => layers.reduce((a, b) => a + b, 0);
  let x = map.x;
  for (let i = 0; i < depths[level]!; i++) {
    const shift = i % 2 === 1 && Math.min(height, width) > window ? Math.floor(window / 2) : 0;
    const windows = { height, width, window: tiled, shift, heads: heads[level]! };
    const share = (sum(depths.slice(0, level)) + i) / (sum(depths) - 1);
    x = transformerLayer(scope.child(`${i}`), x, {
      attend: (at, y) => windowAttention(at, y, windows),
      hidden: MLP_RATIO * x.shape[2]!,
      dropout: 0,
      pathDropout: pathDropout * share,
    });
  }
  return { ...map, x };
}

/** Half the size, twice the channels: the four tokens of a square, normed, through a linear layer. */
function merge(scope: Scope, { x, height, width }: TokenMap): TokenMap {
  const [n, , c] = x.shape as [number, number, number];
  const [h, w] = [height / 2, width / 2];
  const squares = transpose(reshape(x, [n, h, 2, w, 2, c]), [0, 1, 3, 4, 2, 5]); // column before row
  const normed = layerNorm(scope.child("norm"), reshape(squares, [n, h * w, 4 * c]));
  return { x: linear(scope.child("linear"), normed, { out: 2 * c, bias: false }), height: h, width: w };
}

/** `factor` times the size: a linear layer gives each token the `out` channels of a square of tokens, normed. */
function expand(scope: Scope, map: TokenMap, { factor, out }: { factor: number; out: number }): TokenMap {
  const [n, height, width] = [map.x.shape[0]!, factor * map.height, factor * map.width];
  const wide = linear(scope.child("linear"), map.x, { out: out * factor * factor, bias: false });
  const squares = reshape(wide, [n, map.height, map.width, factor, factor, out]);
  const x = reshape(transpose(squares, [0, 1, 3, 2, 4, 5]), [n, height * width, out]);
  return { x: layerNorm(scope.child("norm"), x), height, width };
}
