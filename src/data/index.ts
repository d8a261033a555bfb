/** @file The table of data sets. */

import { brats } from "./brats.ts";
import type { Dataset } from "./dataset.ts";
import { phantom } from "./phantom.ts";

export const datasets = { brats, phantom } as const satisfies Record<string, Dataset>;
