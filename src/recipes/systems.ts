/**
 * @file The systems that Tables 1, 2 and 7 compare with, each a bank of one network without a decision network, by the
 * protocol of another bank; 3D networks learn from crops of 128x128x128. And each in a size for phantoms.
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

/**
 * What a machine allows. `paper`: the paper's inputs. `cpu`: cubes of 64, an eighth of the work, and 2D windows side by
 * side too, a fourth of that of 42 voxels a step. `tiny`: small networks for phantoms.
 */
export const scales = ["tiny", "cpu", "paper"] as const;
export type Scale = (typeof scales)[number];

const SIDE = 128;
const CPU_CUBE = 64;

/** Crops a step of 3D networks. The paper does not say; memory grows with each, by gigabytes at 128x128x128. */
const VOLUMES = { tiny: 2, cpu: 1, paper: 2 };

/**
 * A compared system by the protocol of `base`. A crop of a 3D network counts as the slices that it holds, so that an epoch
 * shows as many; its cubes lie side by side in use, the last shifted back: 8 of 128 a BraTS case, as in the code of TransBTS.
 */
export function systemRecipe(id: SystemId, base: Recipe = bratsPaper, scale: Scale = "paper"): Recipe {
  const { decision: _, ...protocol } = base;
  const { network, config: own } = variants[id];
  const config = (scale === "tiny" ? small[id] : own) as object as Config;
  const candidates = [{ id, network, config, trainedShare: 1 }];
  const isDeep = "dimensions" in networks[network];
  const inputSize = scale === "tiny" ? base.inputSize : isDeep && scale === "cpu" ? CPU_CUBE : SIDE;
  const stride = isDeep || scale === "cpu" ? inputSize : Math.min(base.stride, inputSize);
  const recipe: Recipe = { ...protocol, candidates, setting: "window", inputSize, stride };
  if (!isDeep) return recipe;
  const { batch, stepsPerEpoch } = base.bank;
  const steps = Math.ceil((batch * stepsPerEpoch) / inputSize / VOLUMES[scale]);
  return { ...recipe, bank: { ...base.bank, batch: VOLUMES[scale], stepsPerEpoch: steps } };
}

export const systemIds = Object.keys(small) as SystemId[];

/** By the variant's name, and "phantom-" before it. */
export const systems = Object.fromEntries([
  ...systemIds.map((id) => [id, systemRecipe(id)]),
  ...systemIds.map((id) => [`phantom-${id}`, systemRecipe(id, phantom, "tiny")]),
]) as Record<SystemId | `phantom-${SystemId}`, Recipe>;
