/** @file Cost of a graph: the sum over the nodes that its outputs need, per item when the batch is unknown. */

import { type Cost, nodesOf, type Value } from "./value.ts";

/** Multiply-adds, and the same as the paper's tool counted them: docs/method.md gives both rules. */
export function cost(outputs: readonly Value[]): Cost {
  let [macs, paper] = [0, 0];
  for (const { op, inputs, outputs: results, attrs } of nodesOf(outputs)) {
    const one = op.cost?.(inputs, results, attrs as never);
    macs += one?.macs ?? 0;
    paper += one?.paper ?? 0;
  }
  return { macs, paper };
}
