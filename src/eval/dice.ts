/** @file Dice overlap of two masks. */

import type { Metric } from "./metric.ts";
import type { Overlap } from "./overlap.ts";

/**
 * Dice = 2 |P and T| / (|P| + |T|). Both masks empty: 1; one empty: 0 (the BraTS convention).
 * The authors' code adds 1e-8 above and below, which gives the same two values and moves no other by more than 1e-8.
 */
export const dice: Metric = {
  title: "Dice",
  unit: "fraction",
  better: "higher",
  measure: ({ overlap }) => diceOf([overlap]),
};

/** Dice of all voxels of some cases together: "global" in LiTS and Table 7, where large lesions weigh more than small ones. */
export function diceOf(overlaps: readonly Overlap[]): number {
  const sum = (count: (overlap: Overlap) => number) => overlaps.reduce((total, overlap) => total + count(overlap), 0);
  const both = 2 * sum(({ truePositive }) => truePositive);
  const sizes = both + sum(({ falsePositive, falseNegative }) => falsePositive + falseNegative);
  return sizes === 0 ? 1 : both / sizes;
}
