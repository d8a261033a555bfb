/** @file Sensitivity: the share of the truth that the prediction finds. */

import type { Metric } from "./metric.ts";
import { rateFound } from "./overlap.ts";

/** Sensitivity = TP / (TP + FN). Truth empty: 1 when the prediction is empty too, else 0. */
export const sensitivity: Metric = {
  title: "Sensitivity",
  unit: "fraction",
  better: "higher",
  measure({ overlap: { truePositive, falsePositive, falseNegative } }) {
    return rateFound(truePositive, truePositive + falseNegative, falsePositive);
  },
};
