/** @file The phantom data set: synthetic cases in BraTS naming, in slices of 32x32, for tests and demonstrations without data. */

import { brats } from "./brats.ts";
import type { Dataset } from "./dataset.ts";

/** Everything as in BraTS but the slice size. Phantoms of 240x240 are cases of the data set `brats`. */
export const phantom: Dataset = { ...brats, id: "phantom", frame: { ...brats.frame, sliceSize: [32, 32] } };
