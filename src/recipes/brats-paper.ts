/**
 * @file The paper's protocol (section 4.1) for those who have its 335 cases and a GPU: 400 epochs of every slice, batch 64,
 * learning rate 1e-4, small candidates stopping at 300, decision network 50 epochs at 1e-2.
 */

import { variants } from "../nets/variants.ts";
import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";

// An epoch is 335 cases x 155 slices / 64.
const STEPS_PER_EPOCH = 811;

/** Setting 1: 128x128 crops anywhere in the slice, sliding windows in use. */
export const bratsPaper: Recipe = {
  ...brats,
  candidates: [
    { id: "M1", ...variants.M1, trainedShare: 0.75 },
    { id: "M2", ...variants.M2, trainedShare: 0.75 },
    { id: "M3", ...variants.M3, trainedShare: 1 },
    { id: "M4", ...variants.M4, trainedShare: 1 },
  ],
  bank: {
    ...brats.bank,
    epochs: 400,
    stepsPerEpoch: STEPS_PER_EPOCH,
    batch: 64,
    learningRate: 1e-4,
    diceOf: "classes",
    diceBeta: 0.5,
    crossEntropyWeight: 0,
    validateEvery: 10,
  },
  sampling: {
    // Tumour-bearing slices in their natural share (about 66 of 155), crops not centred: uniform draws.
    tumourSlices: 0.43,
    tumourCrops: 0,
    jitter: 0,
    flip: 0.5,
    warp: 0,
    rotate: 0,
    zoom: 0,
    scale: 0.1,
    shift: 0.1,
    gamma: 0,
    brainOnly: false,
  },
  labels: { everySlice: 1 },
  decisionTraining: {
    ...brats.decisionTraining,
    epochs: 50,
    stepsPerEpoch: STEPS_PER_EPOCH,
    batch: 64,
    tumourWindows: 0.43,
    classWeights: [0.9, 1, 1, 1.1, 1.1],
  },
  postprocess: { minComponent: 0, encloseRegion: {}, minRegion: {} },
  storage: "float32",
};

/** Setting 2: whole slices of 240x240. */
export const bratsPaperFull: Recipe = { ...bratsPaper, setting: "full", inputSize: 240, stride: 240 };
