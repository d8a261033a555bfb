/** @file From the decision network's logits to an action. */

import { softmax } from "./choice.ts";

/** 0 skips; k runs `candidates[k - 1]`. */
export type Choice = number;

export interface Decision {
  readonly choice: Choice;
  /** Softmax of the logits, one a choice. */
  readonly probabilities: readonly number[];
}

/** Eq. 2 into Eq. 1: argmax_i D(X)_i over the n + 1 logits of one input; the lowest index, the cheapest action, wins a tie. */
export function decide(logits: ArrayLike<number>): Decision {
  let choice = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[choice]!) choice = i;
  return { choice, probabilities: softmax(logits) };
}
