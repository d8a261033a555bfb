/** @file Figure 5: activation ratio. */

import { showActivation } from "../activation.ts";
import { defineExperiment } from "../experiment.ts";

export const figure5 = defineExperiment({
  title: "Figure 5: activation ratio (the paper: BraTS 2019)",
  run: showActivation,
});
