/** @file Losses. */

import { add, cast, div, equal, mul, sub } from "../graph/ops/elementwise.ts";
import { reduceSum } from "../graph/ops/reduce.ts";
import { reshape, slice } from "../graph/ops/shape.ts";
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

/**
 * Eq. 6: sum over the foreground classes c of 1 - 2 sum(p_c t_c) / (sum(p_c) + sum(t_c) + 1e-5), sums over the batch.
 * `probabilities` [N, classes, H, W], `labels` [N, H, W] class indices (uint8); class 0 is the background.
 */
export function diceLoss(probabilities: Value, labels: Value): Value {
  const classes = probabilities.shape[1]!;
  const foreground = (x: Value) => slice(x, { axes: [1], starts: [1], ends: [classes] });
  const [p, t] = [foreground(probabilities), foreground(oneHot(labels, classes))];
  const axes = [...p.shape.keys()].filter((axis) => axis !== 1);
  const overlap = reduceSum(mul(p, t), axes);
  const sizes = add(reduceSum(p, axes), reduceSum(t, axes));
  const dice = div(mul(overlap, scalar(2)), add(sizes, scalar(DICE_EPSILON)));
  return sub(scalar(classes - 1), reduceSum(dice, [0]));
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
