/**
 * @file TransBTS (Wang et al., MICCAI 2021), as released. The released decoder reads the last layer's tokens as they are;
 * that layer norm and one linear layer, which nothing reads there (263,680 parameters), are left out.
 */

import { groupNorm } from "../nn/layers.ts";
import { defineNetwork } from "./network.ts";
import { transbts } from "./transbts.ts";

export const transbts3d = defineNetwork({
  task: "segment",
  dimensions: 3,
  title: "TransBTS",
  defaults: { base: 16, dropout: 0.2, layers: 4, dim: 512, hidden: 4096, heads: 8, tokenDropout: 0.1 },
  build: (scope, image, { outputs, config }) =>
    transbts(scope, image, { outputs, config, norm: (at, x) => groupNorm(at, x, { groups: 8 }), lastNorm: false }),
});
