/** @file Figure 4: content over the slices, as Figure 1 for other data. */

import { showContent } from "../content.ts";
import { defineExperiment } from "../experiment.ts";

export const figure4 = defineExperiment({
  title: "Figure 4: content over the slices (the paper: CT of LiTS 2017)",
  run: showContent,
});
