/** @file The zoo: every architecture by its id. */

import { attentionUnet3d } from "./attention-unet3d.ts";
import { ghostnet } from "./ghostnet.ts";
import { mobilenetv2 } from "./mobilenetv2.ts";
import { residualUnet3d } from "./residual-unet3d.ts";
import { shufflenetv2 } from "./shufflenetv2.ts";
import { swinUnet } from "./swin-unet.ts";
import { transbts2d } from "./transbts2d.ts";
import { transbts3d } from "./transbts3d.ts";
import { transunet } from "./transunet.ts";
import { unet2d } from "./unet2d.ts";
import { unet3d } from "./unet3d.ts";
import { vnet } from "./vnet.ts";

export const networks = {
  unet2d,
  transbts2d,
  shufflenetv2,
  mobilenetv2,
  ghostnet,
  transunet,
  "swin-unet": swinUnet,
  unet3d,
  vnet,
  "attention-unet3d": attentionUnet3d,
  "residual-unet3d": residualUnet3d,
  transbts3d,
} as const;
export type NetworkId = keyof typeof networks;
