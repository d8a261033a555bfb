/** @file Table 1: other systems on BraTS 2019. */

import { defineExperiment } from "../experiment.ts";
import { table1Rows } from "../paper-rows.ts";
import { compareSystems } from "../systems.ts";

export const table1 = defineExperiment({
  title: "Table 1: compared systems (the paper: BraTS 2019)",
  run: (lab) => compareSystems(lab, { rows: table1Rows, data: "BraTS 2019" }),
});
