/** @file The zoo: every architecture by its id. */

import { shufflenetv2 } from "./shufflenetv2.ts";
import { transbts2d } from "./transbts2d.ts";
import { unet2d } from "./unet2d.ts";

export const networks = { unet2d, transbts2d, shufflenetv2 } as const;
export type NetworkId = keyof typeof networks;
