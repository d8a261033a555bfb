/** @file Specificity: the share of the voxels outside the truth that the prediction leaves out. */

import type { Metric } from "./metric.ts";
import { rateFound } from "./overlap.ts";

/**
 * Specificity = TN / (TN + FP) over the whole grid, so it depends on how much background the grid holds.
 * Both empty: 1. Truth fills the grid: 1 when the prediction does too, else 0 (sensitivity of the complements).
 */
export const specificity: Metric = {
  title: "Specificity",
  unit: "fraction",
  better: "higher",
  measure({ overlap: { trueNegative, falsePositive, falseNegative } }) {
    return rateFound(trueNegative, trueNegative + falsePositive, falseNegative);
  },
};
