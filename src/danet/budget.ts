/**
 * @file Routing under a budget, beyond the paper: at use time, without training anew, along the curve of accuracy and cost.
 *
 * p_j is how likely label j is, E[j][k] of the bank how well action k did on training windows of label j. The decision
 * network's own probabilities are those of its training, where tumour is drawn more often than it occurs: each is multiplied
 * by the bank's ratio r_j of the two, and their sum brought back to 1. (First bank, four training cases: of the windows that
 * it gave 0.2 to 0.35 of tumour, 0.09 had any; the ratio makes 0.12 of 0.27.) Every input gets argmax_k ( sum_j p_j E[j][k] - lambda cost_k ): for each lambda no routing of the same cost has a
 * higher expected Dice. With lambda = 0 cost does not count; the cost falls as lambda rises.
 */

import type { Choice } from "./decision.ts";

/** Sum over j of p_j E[j][k] of one input: its expected Dice under each action k. */
type Scores = readonly number[];

/** `costs[k]` is the cost of action k in any unit; `costs[0]`, that of skip, is 0. */
export interface Inputs {
  readonly scores: readonly Scores[];
  readonly costs: readonly number[];
}

/** What a routing costs over all inputs, and the mean of the Dice that it can expect. */
export interface CurvePoint {
  readonly cost: number;
  readonly expectedDice: number;
}

/** A budget in the unit of the costs, or an effort from 0 to 1: `budgetOf`. */
export type Target = { readonly budget: number } | { readonly effort: number };

/** What a bank knows of its labels and actions. */
export interface Worth {
  readonly expectedDice: readonly (readonly number[])[];
  readonly labelRatio?: readonly number[] | undefined;
}

export function expectScores(probabilities: readonly number[], { expectedDice, labelRatio }: Worth): Scores {
  const weighted = probabilities.map((p, j) => p * (labelRatio?.[j] ?? 1));
  const total = weighted.reduce((a, b) => a + b, 0);
  return probabilities.map((_, k) => weighted.reduce((sum, w, j) => sum + w * expectedDice[j]![k]!, 0) / total);
}

/** argmax_k ( score_k - lambda cost_k ); the lowest index wins a tie. */
export function chooseAction(scores: Scores, costs: readonly number[], lambda: number): Choice {
  let best = 0;
  let highest = scores[0]!;
  for (let k = 1; k < scores.length; k++) {
    const gain = scores[k]! - lambda * costs[k]!;
    if (gain > highest) [best, highest] = [k, gain];
  }
  return best;
}

export const routeAt = ({ scores, costs }: Inputs, lambda: number): Choice[] =>
  scores.map((one) => chooseAction(one, costs, lambda));

export function measureRouting({ scores, costs }: Inputs, choices: readonly Choice[]): CurvePoint {
  let [cost, dice] = [0, 0];
  for (const [i, choice] of choices.entries()) {
    cost += costs[choice]!;
    dice += scores[i]![choice]!;
  }
  return { cost, expectedDice: dice / choices.length };
}

/**
 * Effort 1 is the cost of the best expected Dice (lambda = 0), effort 0 that of the cheapest candidate wherever this routing
 * runs any; the budget of an effort between lies between in proportion.
 */
export function budgetOf(inputs: Inputs, target: Target): number {
  if ("budget" in target) return target.budget;
  const best = routeAt(inputs, 0);
  const cheapest = Math.min(...inputs.costs.slice(1));
  const low = cheapest * best.filter((choice) => choice > 0).length;
  return (1 - target.effort) * low + target.effort * measureRouting(inputs, best).cost;
}

/** The least lambda whose routing keeps within the budget, by bisection. */
export function findLambda(inputs: Inputs, budget: number): number {
  const enough = budget * (1 + 1e-9); // sums in another order differ by rounding
  const fits = (lambda: number) => measureRouting(inputs, routeAt(inputs, lambda)).cost <= enough;
  if (fits(0)) return 0;
  let [low, high] = [0, skipAll(inputs)];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Halvings of lambda: 1e-12 of where everything is skipped. */
const BISECTIONS = 40;

/** Scores lie between 0 and 1, so here no action is worth its cost. */
const skipAll = ({ costs }: Inputs): number => 1 / Math.min(...costs.slice(1));

/** Routings from skipping everything to lambda = 0, each costlier than the one before. */
export function traceCurve(inputs: Inputs): CurvePoint[] {
  const lambdas = [...Array.from({ length: CURVE_STEPS }, (_, i) => skipAll(inputs) * 2 ** (-i / 2)), 0];
  const points = lambdas.map((lambda) => measureRouting(inputs, routeAt(inputs, lambda)));
  return points.filter(({ cost }, i) => cost > (points[i - 1]?.cost ?? -1));
}

/** Down to 1e-6 of the lambda where everything is skipped. */
const CURVE_STEPS = 40;
