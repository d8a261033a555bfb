/**
 * @file 2D TransBTS (M3: 1 transformer layer, M4: 4). Wang et al., MICCAI 2021, brought to two dimensions in Med-DANet
 * section 4.1. The position embedding binds the network to one size.
 */

import { batchNorm } from "../nn/layers.ts";
import { defineNetwork } from "./network.ts";
import { transbts } from "./transbts.ts";

export const transbts2d = defineNetwork({
  task: "segment",
  title: "2D TransBTS",
  defaults: { base: 16, dropout: 0.2, layers: 1, dim: 512, hidden: 2048, heads: 8, tokenDropout: 0.1 },
  build: (scope, image, { outputs, config }) =>
    transbts(scope, image, { outputs, config, norm: batchNorm, lastNorm: true }),
});
