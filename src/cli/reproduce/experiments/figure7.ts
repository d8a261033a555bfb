/** @file Figure 7: visual comparison of every case. */

import { compareVisually } from "../comparison.ts";
import { defineExperiment } from "../experiment.ts";

export const figure7 = defineExperiment({
  title: "Figure 7: visual comparison, more cases",
  run: (lab) => compareVisually(lab, lab.cases),
});
