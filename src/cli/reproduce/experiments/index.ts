/** @file The table of experiments. */

import type { Experiment } from "../experiment.ts";
import { figure1 } from "./figure1.ts";
import { figure2 } from "./figure2.ts";
import { figure3 } from "./figure3.ts";
import { figure4 } from "./figure4.ts";
import { figure5 } from "./figure5.ts";
import { figure6 } from "./figure6.ts";
import { figure7 } from "./figure7.ts";
import { table1 } from "./table1.ts";
import { table2 } from "./table2.ts";
import { table3 } from "./table3.ts";
import { table4 } from "./table4.ts";
import { table5 } from "./table5.ts";
import { table6 } from "./table6.ts";
import { table7 } from "./table7.ts";
import { table8 } from "./table8.ts";

export const experiments = {
  ...{ table1, table2, table3, table4, table5, table6, table7, table8 },
  ...{ figure1, figure2, figure3, figure4, figure5, figure6, figure7 },
} as const satisfies Record<string, Experiment>;
