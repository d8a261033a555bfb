/** @file Figure 1 (a): content over the slices. */

import { showContent } from "../content.ts";
import { defineExperiment } from "../experiment.ts";

export const figure1 = defineExperiment({
  title: "Figure 1: content over the slices (the paper: MRI of BraTS 2019)",
  run: showContent,
});
