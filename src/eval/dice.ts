/** @file Dice overlap of two masks. */

import type { Metric } from "./metric.ts";

/**
 * Dice = 2 |P and T| / (|P| + |T|). Both masks empty: 1; one empty: 0 (the BraTS convention).
 * The authors' code adds 1e-8 above and below, which gives the same two values and moves no other by more than 1e-8.
 */
export const dice: Metric = {
  title: "Dice",
  unit: "fraction",
  better: "higher",
  measure({ overlap: { truePositive, falsePositive, falseNegative } }) {
    const sizes = 2 * truePositive + falsePositive + falseNegative;
    return sizes === 0 ? 1 : (2 * truePositive) / sizes;
  },
};
