/**
 * @file GhostNet (Han et al., CVPR 2020): half of each layer's maps come from the other half by cheap depthwise
 * convolutions. Stages, rounding and dropout are those of the public code.
 */

import { add, clip, mul, relu } from "../graph/ops/elementwise.ts";
import { globalAveragePool } from "../graph/ops/pool.ts";
import { concat, reshape } from "../graph/ops/shape.ts";
import { scalar, type Value } from "../graph/value.ts";
import { convolve, dropout, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";
import { convNorm, divisible } from "./mobile-blocks.ts";
import { defineNetwork } from "./network.ts";

/** Kernel, expanded width, width, squeeze ratio (0: none), stride of each block. */
const BLOCKS = [
  [3, 16, 16, 0, 1],
  [3, 48, 24, 0, 2],
  [3, 72, 24, 0, 1],
  [5, 72, 40, 0.25, 2],
  [5, 120, 40, 0.25, 1],
  [3, 240, 80, 0, 2],
  [3, 200, 80, 0, 1],
  [3, 184, 80, 0, 1],
  [3, 184, 80, 0, 1],
  [3, 480, 112, 0.25, 1],
  [3, 672, 112, 0.25, 1],
  [5, 672, 160, 0.25, 2],
  [5, 960, 160, 0, 1],
  [5, 960, 160, 0.25, 1],
  [5, 960, 160, 0, 1],
  [5, 960, 160, 0.25, 1],
] as const;
const [STEM_WIDTH, LAST_WIDTH, HEAD_WIDTH] = [16, 960, 1280];

export const ghostnet = defineNetwork({
  task: "decide",
  title: "GhostNet",
  defaults: { width: 0.5, dropout: 0.2 },
  build(scope, image, { outputs, config }) {
    const widthOf = (channels: number) => divisible(channels * config.width, 4);
    let x = relu(convNorm(scope.child("stem"), image, { out: widthOf(STEM_WIDTH), kernel: 3, stride: 2 }));
    for (const [i, [kernel, middle, out, squeeze, stride]] of BLOCKS.entries()) {
      const options = { kernel, middle: widthOf(middle), out: widthOf(out), squeeze, stride };
      x = ghostBlock(scope.child(`blocks.${i}`), x, options);
    }
    x = globalAveragePool(relu(convNorm(scope.child("last"), x, { out: widthOf(LAST_WIDTH), kernel: 1 })));
    x = relu(convolve(scope.child("head"), x, { out: HEAD_WIDTH, kernel: 1 }));
    const features = dropout(scope, reshape(x, x.shape.slice(0, 2)), config.dropout);
    return linear(scope.child("classifier"), features, { out: outputs });
  },
});

const depthwise = (scope: Scope, x: Value, options: { kernel: number; stride?: number }): Value =>
  convNorm(scope, x, { ...options, out: x.shape[1]!, group: x.shape[1]! });

/** `out` maps: half by a 1x1 convolution, half from those by a depthwise 3x3 one. */
function ghost(scope: Scope, x: Value, { out, activate }: { out: number; activate: (y: Value) => Value }): Value {
  const primary = activate(convNorm(scope.child("primary"), x, { out: out / 2, kernel: 1 }));
  return concat([primary, activate(depthwise(scope.child("cheap"), primary, { kernel: 3 }))], 1);
}

interface GhostOptions {
  readonly kernel: number;
  readonly middle: number;
  readonly out: number;
  readonly squeeze: number;
  readonly stride: number;
}

/** Ghost to `middle` (ReLU), depthwise where the size halves, squeeze and excitation, ghost to `out`; + shortcut. */
function ghostBlock(scope: Scope, x: Value, { kernel, middle, out, squeeze, stride }: GhostOptions): Value {
  let y = ghost(scope.child("ghost1"), x, { out: middle, activate: relu });
  if (stride > 1) y = depthwise(scope.child("depthwise"), y, { kernel, stride });
  if (squeeze > 0) y = squeezeExcite(scope.child("se"), y, divisible(middle * squeeze, 4));
  y = ghost(scope.child("ghost2"), y, { out, activate: (maps) => maps });
  if (stride === 1 && x.shape[1] === out) return add(y, x);
  const shortcut = scope.child("shortcut");
  const spatial = depthwise(shortcut.child("depthwise"), x, { kernel, stride });
  return add(y, convNorm(shortcut.child("pointwise"), spatial, { out, kernel: 1 }));
}

/** x times min(max(s + 3, 0), 6) / 6, s from the channels' means through `reduced` channels. */
function squeezeExcite(scope: Scope, x: Value, reduced: number): Value {
  const squeezed = relu(convolve(scope.child("reduce"), globalAveragePool(x), { out: reduced, kernel: 1 }));
  const s = convolve(scope.child("expand"), squeezed, { out: x.shape[1]!, kernel: 1 });
  return mul(x, mul(clip(add(s, scalar(3)), 0, 6), scalar(1 / 6)));
}
