/** @file What a routing costs. FLOPs are whole operations everywhere; G (1e9) appears only where they are printed. */

import type { Bank, Flops } from "./bank.ts";
import type { Choice } from "./decision.ts";

/** `macs` and `paper` are without the decision network: the paper's totals leave it out (Table 6 prints 0.00 for no candidate). */
export interface RoutingFlops extends Flops {
  readonly withDecision: Flops;
  /** Of the largest candidate on every input, no decision network. */
  readonly alwaysLargest: Flops;
}

/** Cost of one network, and of `decisions` runs of the decision network, over all inputs. Skip costs nothing. */
export function routingFlops(
  choices: readonly Choice[],
  decisions: number,
  { candidates, decision }: Pick<Bank, "candidates" | "decision">,
): RoutingFlops {
  const chosen = choices.reduce((sum, choice) => (choice === 0 ? sum : add(sum, candidates[choice - 1]!.flops)), ZERO);
  return {
    ...chosen,
    withDecision: decision ? add(chosen, times(decision.flops, decisions)) : chosen,
    alwaysLargest: times(candidates.at(-1)!.flops, choices.length),
  };
}

const ZERO: Flops = { macs: 0, paper: 0 };
const add = (a: Flops, b: Flops): Flops => ({ macs: a.macs + b.macs, paper: a.paper + b.paper });
const times = ({ macs, paper }: Flops, factor: number): Flops => ({ macs: macs * factor, paper: paper * factor });
