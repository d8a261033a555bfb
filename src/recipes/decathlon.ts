/** @file A recipe for any data set in Decathlon format: input, setting and bank from the frame that its cases gave. */

import { LARGEST_WHOLE } from "../data/plan.ts";
import type { RecipePlan } from "../train/open-recipe.ts";
import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";

/** From this side on the paper's networks fit; below it narrower ones do, whose transformers see few tokens anyway. */
const PAPER_SIDE = 96;

/**
 * At 64x64 and 3 classes: 67, 265, 326 and 442 M operations as the paper counts. As in `brats` the large ones begin late with
 * the encoder and decoder of smaller ones.
 */
const smallBank: Recipe["candidates"] = [
  { id: "M1", network: "unet2d", config: { base: 8 }, trainedShare: 0.75 },
  { id: "M2", network: "unet2d", config: { base: 16 }, trainedShare: 1 },
  {
    ...{ id: "M3", network: "transbts2d", config: { layers: 1, dim: 128, hidden: 512, heads: 4 } },
    ...{ trainedShare: 1, grow: { from: "M2", at: 0.5 } },
  },
  {
    ...{ id: "M4", network: "transbts2d", config: { layers: 4, dim: 192, hidden: 768, heads: 6 } },
    ...{ trainedShare: 1, grow: { from: "M3", at: 0.75 } },
  },
];

export const decathlon: RecipePlan = {
  dataset: "decathlon",
  fit({ frame }) {
    const [width, height] = frame.sliceSize;
    const whole = width === height && width <= LARGEST_WHOLE;
    const inputSize = whole ? width : brats.inputSize;
    const small = inputSize < PAPER_SIDE;
    return {
      ...brats,
      dataset: "decathlon",
      setting: whole ? "full" : "window",
      inputSize,
      stride: whole ? inputSize : brats.stride,
      candidates: small ? smallBank : brats.candidates,
      bank: { ...brats.bank, epochs: 60, diceBeta: 0.5, validateEvery: 10 },
      // A label may be a side or an end of an organ (hippocampus: anterior, posterior), and a mirrored image takes it for the
      // other one: M2 after 600 steps, Dice of held-out training cases 0.70 with mirrors, 0.83 without (docs/recipe-trials.md).
      sampling: { ...brats.sampling, tumourSlices: 0.8, flip: 0 },
      labels: { everySlice: small ? 1 : brats.labels.everySlice },
      postprocess: { minComponent: 0, encloseRegion: {}, minRegion: {} },
    };
  },
};
