/** @file The seeded generator. Nothing else in the project draws random numbers, so the same seed gives the same run. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

export interface Random {
  /** Uniform in [0, 1), 24 bits: exact in float32. */
  uniform(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** All that is needed to go on later from here: `createRandom(state)`. */
  state(): readonly number[];
}

/** Generator (xoroshiro128+) from a seed, or from the `state()` of an earlier one. */
export function createRandom(start: number | readonly number[]): Random {
  const generator = typeof start === "number" ? xoroshiro128plus(start) : xoroshiro128plusFromState(start);
  const uniform = () => (generator.next() >>> 8) / 0x1000000;
  return {
    uniform,
    integer: (below) => uniformInt(generator, 0, below - 1),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    state: () => generator.getState(),
  };
}

/** Shuffles in place (Fisher-Yates) and returns the array. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
