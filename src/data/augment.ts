/** @file Training augmentations: the paper's mirror flips, intensity scale and shift; beyond it rotation, zoom and contrast. */

import type { Random } from "../random.ts";

export interface AugmentPlan {
  /** Probability of a mirror flip, for each axis of a crop. */
  readonly flip: number;
  /** Share of the crops that are turned and magnified. Their pixels are interpolated, those of use are not: well under 1. */
  readonly warp: number;
  /** Such a crop is turned about its centre by U(-rotate, rotate) degrees; paper: 0. */
  readonly rotate: number;
  /** and magnified by exp(U(-zoom, zoom)); paper: 0. */
  readonly zoom: number;
  /** Each modality is scaled by U(1 - scale, 1 + scale); paper: 0.1. */
  readonly scale: number;
  /** and shifted by U(-shift, shift) sd; paper: 0.1. */
  readonly shift: number;
  /** Each modality's values between its lowest and highest of the crop go through t^g, g = exp(U(-gamma, gamma)); paper: 0. */
  readonly gamma: number;
  /** Intensities change inside the brain only. The authors' released code changes the background too (false). */
  readonly brainOnly: boolean;
}

/** One draw; of the intensities, the values of each channel. */
export interface Augmentation {
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Radians. */
  readonly angle: number;
  readonly zoom: number;
  readonly gamma: readonly number[];
  readonly gain: readonly number[];
  readonly offset: readonly number[];
  readonly brainOnly: boolean;
}

/** Draws the same count of random numbers whatever the plan, so that runs of different plans stay comparable. */
export function drawAugmentation(plan: AugmentPlan, random: Random, channels: number): Augmentation {
  const symmetric = (range: number) => range * (2 * random.uniform() - 1);
  const turned = random.uniform() < plan.warp ? 1 : 0;
  const each = (draw: () => number) => Array.from({ length: channels }, draw);
  return {
    flipX: random.uniform() < plan.flip,
    flipY: random.uniform() < plan.flip,
    angle: turned * symmetric((plan.rotate * Math.PI) / 180),
    zoom: Math.exp(turned * symmetric(plan.zoom)),
    gain: each(() => 1 + symmetric(plan.scale)),
    offset: each(() => symmetric(plan.shift)),
    gamma: each(() => Math.exp(symmetric(plan.gamma))),
    brainOnly: plan.brainOnly,
  };
}

/** The crop as it lies in the case. */
export function noAugmentation(channels: number): Augmentation {
  const ones: readonly number[] = Array(channels).fill(1);
  const still = { flipX: false, flipY: false, angle: 0, zoom: 1, brainOnly: false };
  return { ...still, gamma: ones, gain: ones, offset: Array(channels).fill(0) };
}

/** Changes the intensities of a plane in place: v becomes gain * contrast(v) + offset. A voxel of 0 is background. */
export function changeIntensity(
  plane: Float32Array,
  { gamma, gain, offset, brainOnly }: { gamma: number; gain: number; offset: number; brainOnly: boolean },
): void {
  if (gamma !== 1) changeContrast(plane, gamma);
  for (let i = 0; i < plane.length; i++) if (!brainOnly || plane[i] !== 0) plane[i] = plane[i] * gain + offset;
}

/** t^gamma between the lowest and the highest value of the brain; the background stays. */
function changeContrast(plane: Float32Array, gamma: number): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < plane.length; i++) {
    if (plane[i] === 0) continue;
    if (plane[i] < low) low = plane[i];
    if (plane[i] > high) high = plane[i];
  }
  const range = high - low;
  if (!(range > 0)) return;
  for (let i = 0; i < plane.length; i++)
    if (plane[i] !== 0) plane[i] = low + range * ((plane[i] - low) / range) ** gamma;
}
