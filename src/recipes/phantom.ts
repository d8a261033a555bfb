/** @file Seconds on a CPU: small networks on 16x16 windows of synthetic 32x32 slices, to try the whole chain. */

import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";

export const phantom: Recipe = {
  ...brats,
  dataset: "phantom",
  inputSize: 16,
  stride: 8,
  candidates: [
    { id: "M1", network: "unet2d", config: { base: 4 }, trainedShare: 0.75 },
    { id: "M2", network: "transbts2d", config: { base: 4, layers: 1, dim: 32, hidden: 64, heads: 2 }, trainedShare: 1 },
  ],
  bank: { ...brats.bank, epochs: 6, stepsPerEpoch: 25, batch: 16, learningRate: 5e-3, validateEvery: 2 },
  sampling: { ...brats.sampling, jitter: 4 },
  labels: { everySlice: 1 },
  decisionTraining: { ...brats.decisionTraining, epochs: 4, stepsPerEpoch: 25, batch: 32, classWeights: [0.9, 1, 1.1] },
  postprocess: { minComponent: 0, encloseRegion: {}, minRegion: {} },
  storage: "float32",
};
