/** @file Losses. */

import { add, cast, div, equal, mul, sub } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { reduceSum } from "../graph/ops/reduce.ts";
import { reshape } from "../graph/ops/shape.ts";
import { logSoftmax } from "../graph/ops/softmax.ts";
import { constant, count, scalar, type Value } from "../graph/value.ts";

const DICE_EPSILON = 1e-5;

/** Class indices [N, ...] -> 0 and 1, [N, classes, ...]. */
function oneHot(labels: Value, classes: number): Value {
  const [n, ...rest] = labels.shape as [number, ...number[]];
  const index = constant(
    Float32Array.from({ length: classes }, (_, c) => c),
    [1, classes, ...rest.map(() => 1)],
  );
  return cast(equal(cast(reshape(labels, [n, 1, ...rest]), "float32"), index), "float32");
}

export interface DiceOptions {
  /**
   * Lists of class indices; default: every class but 0, the background, is a region, as in the paper. With the regions that
   * are measured (whole tumour, core, enhancing tumour) a core taken for oedema costs the core's whole Dice, however its
   * classes divide it (Isensee et al., BrainLes 2020).
   */
  readonly regions?: readonly (readonly number[])[];
  /** Weight of the pixels missed, 0..1; 1 - beta is that of the false ones. Default: 0.5, Dice; Salehi et al., MLMI 2017: 0.7. */
  readonly beta?: number;
}

/**
 * Eq. 6: sum over the regions R of 1 - 2 sum(p_R t_R) / (sum(p_R) + sum(t_R) + 1e-5), sums over the batch, where p_R and
 * t_R sum the probabilities and the truth of the classes of R. `probabilities` [N, classes, ...size], `labels` [N, ...size]
 * class indices (uint8). With `beta` the denominator is 2 (1 - beta) sum(p_R) + 2 beta sum(t_R) + 1e-5: Tversky's index.
 */
export function diceLoss(probabilities: Value, labels: Value, options: DiceOptions = {}): Value {
  const [n, classes, ...size] = probabilities.shape as [number, number, ...number[]];
  const { regions = Array.from({ length: classes - 1 }, (_, c) => [c + 1]), beta = 0.5 } = options;
  const members = regions.flatMap((region) => Array.from({ length: classes }, (_, c) => Number(region.includes(c))));
  const membership = constant(Float32Array.from(members), [regions.length, classes]);
  // [regions, classes] x [N, classes, pixels]
  const ofRegions = (x: Value) => matmul(membership, reshape(x, [n, classes, count(size)]));
  const [p, t] = [ofRegions(probabilities), ofRegions(oneHot(labels, classes))];
  const [overlap, found, there] = [mul(p, t), p, t].map((x) => reduceSum(x, [0, 2])) as [Value, Value, Value];
  const sizes = add(mul(found, scalar(2 * (1 - beta))), mul(there, scalar(2 * beta)));
  const dice = div(mul(overlap, scalar(2)), add(sizes, scalar(DICE_EPSILON)));
  return sub(scalar(regions.length), reduceSum(dice, [0]));
}

/**
 * Mean over the pixels of -log p[t]. `logProbabilities` [N, classes, H, W], `labels` [N, H, W] class indices (uint8).
 * Beside the Dice loss it keeps the background in its class: Eq. 6 does not see class 0, so a candidate may settle with
 * the background in a foreground class whose Dice then stays 0 (two of four candidates did, with batches of 8).
 */
export function crossEntropy(logProbabilities: Value, labels: Value): Value {
  const [n, classes, ...size] = logProbabilities.shape as [number, number, ...number[]];
  const hits = mul(logProbabilities, oneHot(labels, classes));
  return mul(reduceSum(hits, [...hits.shape.keys()]), scalar(-1 / (n * count(size))));
}

/**
 * Eq. 7: sum of w[t] (-log softmax(logits)[t]) over the batch, divided by the sum of w[t], as PyTorch's weighted mean.
 * `logits` [N, classes], `targets` [N] class indices (uint8).
 */
export function weightedCrossEntropy(logits: Value, targets: Value, weights: readonly number[]): Value {
  const weight = constant(Float32Array.from(weights), [weights.length]);
  const weighted = mul(oneHot(targets, weights.length), weight);
  const total = reduceSum(mul(weighted, logSoftmax(logits, 1)), [0, 1]);
  return div(sub(scalar(0), total), reduceSum(weighted, [0, 1]));
}
