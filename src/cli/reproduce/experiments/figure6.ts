/** @file Figure 6: activation ratio, as Figure 5 for other data. */

import { showActivation } from "../activation.ts";
import { defineExperiment } from "../experiment.ts";

export const figure6 = defineExperiment({
  title: "Figure 6: activation ratio (the paper: BraTS 2020)",
  run: showActivation,
});
