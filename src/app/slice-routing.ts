/** @file The routing of a case slice by slice, as the strip shows it. */

import type { ChoiceCell } from "../report/routing-strip.ts";

export interface SliceRouting {
  readonly slice: number;
  /** Window -> choice. */
  readonly choices: readonly number[];
  /** The costliest choice of any window. */
  readonly costliest: number;
  /** Of the candidates that ran, as the paper counts. */
  readonly flops: number;
}

/** `flops[k]` is the cost of choice k in one window; that of 0, skip, is 0. */
export function routeSlices(decisions: readonly ChoiceCell[], flops: readonly number[], depth: number): SliceRouting[] {
  const choices = Array.from({ length: depth }, (): number[] => []);
  for (const { slice, window, choice } of decisions) choices[slice][window] = choice;
  return choices.map((own, slice) => ({
    slice,
    choices: own,
    costliest: Math.max(0, ...own),
    flops: own.reduce((sum, choice) => sum + flops[choice], 0),
  }));
}

/** Windows by choice, in words: "9 skip, 4 M1, 3 M3". */
export function countChoices(choices: readonly number[], actions: readonly string[]): string {
  const counts = actions.map((action, choice) => ({ action, count: choices.filter((one) => one === choice).length }));
  const words = counts.filter(({ count }) => count > 0).map(({ action, count }) => `${count} ${action}`);
  if (choices.length === 0) return "in cubes of other slices";
  return choices.length === 1 ? actions[choices[0]] : words.join(", ");
}
