/**
 * @file 2D U-Net with residual blocks (M1: base 12, M2: base 16). Ronneberger et al., MICCAI 2015, as modified in
 * Med-DANet section 4.1; layer table in docs/method.md. The size must be divisible by 8.
 */

import { decoder, encoder, preActivationBlock } from "./blocks.ts";
import { defineNetwork } from "./network.ts";

export const unet2d = defineNetwork({
  task: "segment",
  title: "2D U-Net",
  defaults: { base: 16, dropout: 0.2 },
  build(scope, image, { outputs, config }) {
    const levels = encoder(scope, image, config);
    return decoder(scope, levels[3]!, { skips: levels.slice(0, 3), block: preActivationBlock, outputs });
  },
});
