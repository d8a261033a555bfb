/** @file A recipe for a decision network alone, over the candidates of a bank. */

import type { Bank } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import { variants } from "../nets/variants.ts";
import type { Recipe } from "./recipe.ts";

/**
 * `base` with the bank's candidates, input and setting. Its class weights stay where there is one for each action; else
 * skip keeps its own and the costlier half of the candidates weighs 1.1, the others 1, as for the paper's four. Throws
 * `UserError` for a bank whose candidates no decision network can route.
 */
export function recipeOver(bank: Bank, base: Recipe): Recipe {
  const { candidates, inputSize, dataset, setting, stride, folder } = bank;
  const deep = candidates.find(({ depth }) => depth !== undefined);
  if (deep) throw new UserError(`${folder.name}: a decision network routes slices, "${deep.id}" takes volumes`);
  if (inputSize[0] !== inputSize[1])
    throw new UserError(`${folder.name}: decision networks take square inputs, found ${inputSize.join("x")}`);
  const { classWeights } = base.decisionTraining;
  const [skip] = classWeights as [number, ...number[]];
  const ownWeights = [skip, ...candidates.map((_, i) => (i < candidates.length / 2 ? 1 : 1.1))];
  return {
    ...base,
    ...{ dataset, setting, stride, inputSize: inputSize[0] },
    candidates: candidates.map(({ id, network, config }) => {
      return { id, network, config: config as Recipe["candidates"][number]["config"], trainedShare: 1 };
    }),
    decision: base.decision ?? { id: "decision", ...variants.decision },
    decisionTraining: {
      ...base.decisionTraining,
      classWeights: classWeights.length === candidates.length + 1 ? classWeights : ownWeights,
    },
  };
}
