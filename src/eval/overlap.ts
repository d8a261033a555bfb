/** @file The four counts of two masks, from which Dice, sensitivity and specificity follow. */

import type { Mask } from "./metric.ts";

/** Voxels in both masks, in the prediction only, in the truth only, in neither. */
export interface Overlap {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

export function countOverlap(prediction: Mask, truth: Mask): Overlap {
  let [truePositive, predicted, actual] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const [p, t] = [prediction[i], truth[i]];
    truePositive += p & t;
    predicted += p;
    actual += t;
  }
  const [falsePositive, falseNegative] = [predicted - truePositive, actual - truePositive];
  return {
    truePositive,
    falsePositive,
    falseNegative,
    trueNegative: truth.length - truePositive - falsePositive - falseNegative,
  };
}

/**
 * `found / wanted`. With nothing wanted the answer is 1 when nothing was claimed either and 0 otherwise,
 * so that a false alarm on an empty region is never rewarded.
 */
export const rateFound = (found: number, wanted: number, claimed: number): number =>
  wanted > 0 ? found / wanted : claimed > 0 ? 0 : 1;
