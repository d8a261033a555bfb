/** @file Recipes from a bank: its own, and one for a decision network alone over its candidates. */

import type { Bank } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import { variants } from "../nets/variants.ts";
import { type Recipe, recipeSchema } from "./recipe.ts";

/** The recipe that the bank was trained with. Throws `UserError` for a bank that has none of this version. */
export function recipeOf({ recipe, folder }: Bank): Recipe {
  const parsed = recipeSchema.safeParse(recipe);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UserError(
    `${folder.name}: the bank must keep a recipe of this version to train by: ${issue.path.join(".") || "recipe"}: ` +
      `${issue.message}; train the bank again, use the version that trained it, or say with --recipe how`,
  );
}

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
