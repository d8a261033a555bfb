/** @file A recipe for any data set in Decathlon format: input, setting and bank from the frame that its cases gave. */

import { LARGEST_WHOLE } from "../data/plan.ts";
import { variants } from "../nets/variants.ts";
import type { RecipePlan } from "../train/open-recipe.ts";
import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";

/** From this side on the paper's networks fit; below it narrower ones do, whose transformers see few tokens anyway. */
const PAPER_SIDE = 96;

const paperBank: Recipe["candidates"] = brats.candidates;
const smallBank: Recipe["candidates"] = [
  { id: "M1", network: "unet2d", config: { base: 8 }, trainedShare: 0.75 },
  { id: "M2", network: "unet2d", config: { base: 16 }, trainedShare: 0.75 },
  { id: "M3", network: "transbts2d", config: { layers: 1, dim: 128, hidden: 512, heads: 4 }, trainedShare: 1 },
  {
    id: "M4",
    network: "transbts2d",
    config: { base: 24, layers: 4, dim: 192, hidden: 768, heads: 6 },
    trainedShare: 1,
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
      candidates: small ? smallBank : paperBank,
      decision: { id: "decision", ...variants.decision },
      bank: { ...brats.bank, batch: small ? 16 : 8, epochs: 60, stepsPerEpoch: 50, validateEvery: 10 },
      sampling: { ...brats.sampling, rotate: 15, zoom: 0.15 },
      labels: { everySlice: 1 },
      storage: "int8",
    };
  },
};
