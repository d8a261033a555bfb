/** @file Carries `danet/budget.ts` out for a case: what actions cost, and which routing keeps within the target. */

import { type Bank, type BankModel, decisionOf } from "../danet/bank.ts";
import {
  budgetOf,
  type CurvePoint,
  chooseAction,
  expectScores,
  findLambda,
  type Inputs,
  measureRouting,
  type Target,
  traceCurve,
  type Worth,
} from "../danet/budget.ts";
import type { Decision } from "../danet/decision.ts";
import { UserError } from "../error.ts";
import type { Networks } from "./networks.ts";
import { medianMs } from "./stopwatch.ts";

/** Of one input of each network. */
export interface Costs {
  readonly unit: "G" | "ms";
  /** In the bank's order. */
  readonly candidates: readonly number[];
  readonly decision: number;
}

/** Where a case lies between accuracy and cost. Costs are of all windows, with the decision network. */
export interface Curve {
  readonly unit: Costs["unit"];
  /** Dice per unit that an action had to be worth; null where the decision network's plain argmax was followed. */
  readonly lambda: number | null;
  readonly here: CurvePoint;
  /** What other targets would give, in rising cost. */
  readonly points: readonly CurvePoint[];
}

/** FLOPs in the paper's counting. */
export function costsInFlops(bank: Pick<Bank, "candidates" | "decision" | "folder">): Costs {
  const giga = ({ flops }: BankModel) => flops.paper / 1e9;
  return { unit: "G", candidates: bank.candidates.map(giga), decision: giga(decisionOf(bank)) };
}

const BATCH = 8;

/** Milliseconds on the device at hand: medians of a few batches of each network. */
export async function measureCosts(bank: Bank, networks: Networks): Promise<Costs> {
  const [height, width] = bank.inputSize;
  const images = new Float32Array(BATCH * bank.channels.length * height * width).fill(1);
  const measure = async (model: BankModel) => {
    const run = await networks.load(model);
    return (await medianMs(() => run(images, BATCH))) / BATCH;
  };
  const candidates: number[] = [];
  for (const candidate of bank.candidates) candidates.push(await measure(candidate));
  return { unit: "ms", candidates, decision: await measure(decisionOf(bank)) };
}

/** Throws `UserError` where the bank does not know what its actions are worth. */
export function requireExpectedDice({ expectedDice, labelRatio, decision, folder }: Bank): Worth {
  if (expectedDice) return { expectedDice, labelRatio };
  if (!decision)
    throw new UserError(
      `${folder.name}: --budget and --effort need a decision network, the bank has none; leave the option out`,
    );
  throw new UserError(
    `${folder.name}: --budget and --effort need "expectedDice" in bank.json, which this bank was trained without; ` +
      "train it with this version, or leave the option out",
  );
}

interface Routed {
  /** Of each mirror, with the choice of the target instead of the argmax. */
  readonly decided: readonly (readonly Decision[])[];
  readonly curve: Curve;
}

/**
 * Routes the decisions of all mirrors by the lambda that keeps the first, the plain one, within the target; without a target
 * they stay. `runs` is how often the decision network ran in the plain pass. Throws `UserError` for a budget below that.
 */
export function routeCase(
  decided: readonly (readonly Decision[])[],
  bank: Bank,
  { target, costs, runs }: { target: Target | undefined; costs: Costs; runs: number },
): Routed {
  const worth = requireExpectedDice(bank);
  const actionCosts = [0, ...costs.candidates];
  const fixed = runs * costs.decision;
  const inputs: Inputs = {
    scores: decided[0].map(({ probabilities }) => expectScores(probabilities, worth)),
    costs: actionCosts,
  };
  const withFixed = ({ cost, expectedDice }: CurvePoint): CurvePoint => ({ cost: cost + fixed, expectedDice });
  const describe = (decisions: readonly Decision[], lambda: number | null): Curve => {
    const choices = decisions.map(({ choice }) => choice);
    const here = withFixed(measureRouting(inputs, choices));
    return { unit: costs.unit, lambda, here, points: traceCurve(inputs).map(withFixed) };
  };
  if (target === undefined) return { decided, curve: describe(decided[0], null) };
  const budget = budgetOf(inputs, target) - ("budget" in target ? fixed : 0);
  if (budget < 0) {
    throw new UserError(
      `the budget must cover the decision network, ${fixed.toFixed(1)} ${costs.unit} for this case; give more than that`,
    );
  }
  const lambda = findLambda(inputs, budget);
  const reroute = (decision: Decision): Decision => ({
    ...decision,
    choice: chooseAction(expectScores(decision.probabilities, worth), actionCosts, lambda),
  });
  const routed = decided.map((pass) => pass.map(reroute));
  return { decided: routed, curve: describe(routed[0], lambda) };
}
