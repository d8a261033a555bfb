/** @file Figure 3: visual comparison of a few cases. */

import { compareVisually } from "../comparison.ts";
import { defineExperiment } from "../experiment.ts";

/** The paper's figure has as many. */
const CASES = 3;

export const figure3 = defineExperiment({
  title: "Figure 3: visual comparison",
  run: (lab) => compareVisually(lab, lab.cases.slice(0, CASES)),
});
