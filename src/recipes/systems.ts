/**
 * @file The systems that Tables 1, 2 and 7 compare with, each a bank of one network without a decision network, by the
 * protocol of the paper's own bank; 3D networks learn from crops of 128x128x128. And each in a size for phantoms.
 */

import { networks } from "../nets/index.ts";
import { type VariantId, variants } from "../nets/variants.ts";
import type { Recipe } from "../train/recipe.ts";
import { bratsPaper } from "./brats-paper.ts";
import { phantom } from "./phantom.ts";

type Config = Recipe["candidates"][number]["config"];

const transformer = { layers: 1, dim: 32, hidden: 64, heads: 2 };

/** What a phantom's 16 voxels a side allow, in place of the variant's own configuration. */
const small = {
  transunet: { ...transformer, width: 32, units: [1, 1, 1], decoder: [32, 16, 16, 8, 8] },
  "swin-unet": { dim: 16, depths: [2, 2], heads: [2, 4] },
  unet3d: { base: 4, levels: 3 },
  vnet: { base: 4, down: [1, 1], up: [1, 1] },
  "vnet-deeper": { base: 4, down: [2, 2], up: [2, 1] },
  "attention-unet3d": { base: 4 },
  "residual-unet3d": { base: 8, levels: 3 },
  transbts3d: { ...transformer, base: 8 },
} as const satisfies Partial<Record<VariantId, object>>;
export type SystemId = keyof typeof small;

/** Crops a step of 3D networks. The paper does not say; memory grows with each, by gigabytes at 128x128x128. */
const VOLUMES = 2;

/**
 * A compared system by the protocol of `base`. A crop of a 3D network counts as the slices that it holds, so that an epoch
 * shows as many; its cubes lie side by side in use, the last shifted back: 8 a BraTS case, as in the code of TransBTS.
 */
export function systemRecipe(id: SystemId, base: Recipe = bratsPaper): Recipe {
  const { decision: _, ...protocol } = base;
  const { network, config } = variants[id];
  const candidates = [{ id, network, config: config as object as Config, trainedShare: 1 }];
  if (!("dimensions" in networks[network])) return { ...protocol, candidates };
  const { batch, stepsPerEpoch } = base.bank;
  const steps = Math.ceil((batch * stepsPerEpoch) / base.inputSize / VOLUMES);
  const bank = { ...base.bank, batch: VOLUMES, stepsPerEpoch: steps };
  return { ...protocol, candidates, stride: base.inputSize, bank };
}

/** The same on phantoms, in seconds. */
export function phantomSystem(id: SystemId): Recipe {
  const recipe = systemRecipe(id, phantom);
  return { ...recipe, candidates: recipe.candidates.map((one) => ({ ...one, config: small[id] as object as Config })) };
}

const ids = Object.keys(small) as SystemId[];

/** By the variant's name, and "phantom-" before it. */
export const systems = Object.fromEntries([
  ...ids.map((id) => [id, systemRecipe(id)]),
  ...ids.map((id) => [`phantom-${id}`, phantomSystem(id)]),
]) as Record<SystemId | `phantom-${SystemId}`, Recipe>;
