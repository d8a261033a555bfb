/** @file The paper's training augmentations: random mirror flips, and intensity scale and shift of each modality. */

import type { Random } from "../random.ts";

export interface AugmentPlan {
  /** Probability of a mirror flip, for each of the two axes of a slice. */
  readonly flip: number;
  /** Each modality is scaled by U(1 - scale, 1 + scale); paper: 0.1. */
  readonly scale: number;
  /** and shifted by U(-shift, shift) sd; paper: 0.1. */
  readonly shift: number;
}

/**
 * One draw. Value of channel c becomes value * gain[c] + offset[c], outside the brain too, as in the authors' released
 * code.
 */
export interface Augmentation {
  readonly flipX: boolean;
  readonly flipY: boolean;
  readonly gain: readonly number[];
  readonly offset: readonly number[];
}

/** Draws the same count of random numbers whatever the plan, so that runs of different plans stay comparable. */
export function drawAugmentation(plan: AugmentPlan, random: Random, channels: number): Augmentation {
  const symmetric = (range: number) => range * (2 * random.uniform() - 1);
  const flipX = random.uniform() < plan.flip;
  const flipY = random.uniform() < plan.flip;
  const gain = Array.from({ length: channels }, () => 1 + symmetric(plan.scale));
  const offset = Array.from({ length: channels }, () => symmetric(plan.shift));
  return { flipX, flipY, gain, offset };
}
