/** @file The options of `segment` that move along the curve of accuracy and cost. */

import { z } from "zod";
import { type Bank, modelsOf } from "../../danet/bank.ts";
import { type Costs, measureCosts } from "../../infer/budget.ts";
import type { Networks } from "../../infer/networks.ts";
import type { RoutingValues } from "../../infer/plan.ts";

export const routingOptions = {
  budget: {
    flags: "--budget <n>",
    help: "best expected Dice for at most so many GFLOPs a case (paper's count, decision network too); seconds with --cost time",
    value: z.coerce.number().positive().optional(),
  },
  effort: {
    flags: "--effort <share>",
    help: "the same by share: 1 is the best expected Dice at any cost, 0 the cheapest candidate wherever that runs any",
    value: z.coerce.number().min(0).max(1).optional(),
  },
  cost: {
    flags: "--cost <name>",
    help: "what a network costs: flops (default), or time measured on this device first",
    value: z.enum(["flops", "time"]).default("flops"),
  },
} as const;

/** Undefined for FLOPs, the default of `segmentCase`; a calibration is told. */
export async function costsOf(
  { cost }: Pick<RoutingValues, "cost">,
  { bank, networks, note }: { bank: Bank; networks: Networks; note: (line: string) => void },
): Promise<Costs | undefined> {
  if (cost === "flops") return undefined;
  const costs = await measureCosts(bank, networks);
  const times = modelsOf(bank).map(({ id }, i) => `${id} ${(costs.candidates[i] ?? costs.decision).toFixed(2)}`);
  note(`milliseconds a window on ${networks.runtime}, ${networks.device}: ${times.join(", ")}`);
  return costs;
}
