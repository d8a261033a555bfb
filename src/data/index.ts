/** @file The table of data sets. */

import { brats } from "./brats.ts";
import { ctPhantom } from "./ct-phantom.ts";
import type { Dataset, DatasetFamily } from "./dataset.ts";
import { decathlon } from "./decathlon.ts";
import { lits } from "./lits.ts";
import { phantom } from "./phantom.ts";

export const datasets = { brats, lits, phantom, "ct-phantom": ctPhantom } as const satisfies Record<string, Dataset>;

/** Those that a file in their folder describes. */
export const families = { decathlon } as const satisfies Record<string, DatasetFamily>;
