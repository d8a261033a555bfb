/** @file Table 2: other systems on BraTS 2020; it shares trainings with Table 1. */

import { defineExperiment } from "../experiment.ts";
import { table2Rows } from "../paper-rows.ts";
import { compareSystems } from "../systems.ts";

export const table2 = defineExperiment({
  title: "Table 2: compared systems (the paper: BraTS 2020)",
  run: (lab) => compareSystems(lab, { rows: table2Rows, data: "BraTS 2020" }),
});
