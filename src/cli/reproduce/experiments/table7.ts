/** @file Table 7: other systems on CT of the liver, Dice of each case and of all together. */

import { UserError } from "../../../error.ts";
import { defineExperiment } from "../experiment.ts";
import { table7Rows } from "../paper-rows.ts";
import { compareSystems } from "../systems.ts";

export const table7 = defineExperiment({
  title: "Table 7: compared systems on CT (the paper: LiTS 2017)",
  data: "ct",
  async run(lab) {
    const { dataset } = lab;
    if (dataset.globalDice) return compareSystems(lab, { rows: table7Rows, data: "LiTS 2017", globalDice: true });
    throw new UserError(`table7 needs a bank and cases of liver CT such as lits, found data set ${dataset.id}`);
  },
});
