/** @file Every network of the zoo in a size that a test can train: its configuration and its image. */

import { type NetworkId, networks } from "../src/nets/index.ts";
import type { NetworkSpec } from "../src/nets/network.ts";

const transformer = { base: 8, layers: 1, dim: 32, hidden: 64, heads: 4 };
const configs: Readonly<Record<NetworkId, object>> = {
  unet2d: { base: 8 },
  transbts2d: transformer,
  shufflenetv2: {},
  mobilenetv2: { width: 0.25 },
  ghostnet: { width: 0.25 },
  transunet: { width: 32, units: [1, 1, 1], layers: 1, dim: 32, hidden: 64, heads: 2, decoder: [32, 16, 16, 8, 8] },
  "swin-unet": { dim: 16, depths: [2, 2], heads: [2, 4] },
  unet3d: { base: 4 },
  vnet: { base: 4, down: [1, 1], up: [1, 1] },
  "attention-unet3d": { base: 8 },
  "residual-unet3d": { base: 8, levels: 3 },
  transbts3d: transformer,
};
/** No two sides are the same, so that axes cannot be confused; decision networks take squares. */
const sizes = { decide: [64, 64], segment2: [32, 64], segment3: [8, 16, 32] } as const;

export function tinySpec(id: NetworkId): NetworkSpec {
  const network = networks[id] as unknown as NetworkSpec["network"];
  const size = network.task === "decide" ? sizes.decide : sizes[`segment${network.dimensions ?? 2}`];
  return { network, config: configs[id], outputs: 3, image: [2, ...size] };
}

/** The same where nothing is random. */
export const withoutDropout = (spec: NetworkSpec): NetworkSpec => ({
  ...spec,
  config: { ...spec.config, dropout: 0, tokenDropout: 0, pathDropout: 0 },
});
