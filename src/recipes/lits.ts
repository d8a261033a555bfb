/**
 * @file LiTS by the paper's protocol (section 4.1, Table 7): 128x128 crops of 512x512 slices, one channel, for those who
 * have the 131 cases, a GPU and the memory (prepared cases take 100-150 MB each).
 */

import type { Recipe } from "../train/recipe.ts";
import { bratsPaper } from "./brats-paper.ts";
import { phantom } from "./phantom.ts";

// An epoch is 131 cases of about 450 slices / 64.
const STEPS_PER_EPOCH = 916;
// About a third of the slices show liver.
const LIVER = 0.33;
const NONE = { minComponent: 0, encloseRegion: {}, minRegion: {} };

export const lits: Recipe = {
  ...bratsPaper,
  dataset: "lits",
  // 25 windows a slice. The paper does not say; the 42 of BraTS would be 121.
  stride: 96,
  bank: { ...bratsPaper.bank, stepsPerEpoch: STEPS_PER_EPOCH },
  // No gain: HU are calibrated, and 10 % of the distance to the window's lower end is half of what a lesion differs by.
  sampling: { ...bratsPaper.sampling, tumourSlices: LIVER, scale: 0 },
  postprocess: NONE,
  decisionTraining: { ...bratsPaper.decisionTraining, stepsPerEpoch: STEPS_PER_EPOCH, tumourWindows: LIVER },
};

/** Seconds on a CPU: synthetic CT in 32x32 slices. */
export const ctPhantom: Recipe = {
  ...phantom,
  dataset: "ct-phantom",
  // Lesions are a tenth of the liver and learned after it.
  bank: { ...phantom.bank, epochs: 12 },
  postprocess: NONE,
  sampling: { ...phantom.sampling, scale: lits.sampling.scale },
};
