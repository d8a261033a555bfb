/** @file Eq. 1, Y = B[argmax_i D(X)_i](X), for many inputs: who runs what, and how often each action is taken. */

import type { Choice } from "./decision.ts";

/** Indices of the inputs that go to each action, `groups[choice]`, in their order. */
export function groupByChoice(choices: readonly Choice[], actions: number): number[][] {
  const groups = Array.from({ length: actions }, (): number[] => []);
  choices.forEach((choice, input) => {
    groups[choice]!.push(input);
  });
  return groups;
}

/** Activation ratio: the share of the inputs that gets each action (figures 5 and 6 of the paper); of no input, all 0. */
export function activationRatio(choices: readonly Choice[], actions: number): number[] {
  return groupByChoice(choices, actions).map((group) => group.length / Math.max(1, choices.length));
}
