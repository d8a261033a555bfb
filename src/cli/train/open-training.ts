/** @file What `train` is asked to train: a recipe of the table, or a decision network over a bank that is there. */

import { type Bank, readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import type { Dataset, Watch } from "../../data/dataset.ts";
import { lookUp, UserError } from "../../error.ts";
import { openFolder } from "../../node/folder.ts";
import type { Folder, Gzip } from "../../platform.ts";
import { recipes } from "../../recipes/index.ts";
import { openRecipe, type RecipePlan } from "../../train/open-recipe.ts";
import { applySettings, type Recipe } from "../../train/recipe.ts";
import { recipeOf, recipeOver } from "../../train/recipe-over.ts";

interface Asked {
  readonly recipe: string | undefined;
  readonly only: "decision" | undefined;
  readonly bank: string | undefined;
  readonly maxMinutes: number | undefined;
  readonly set: readonly string[];
}

interface Training {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  /** Whose candidates are taken as they are. */
  readonly given?: Bank;
  /** Whether the recipe was made for the data. */
  readonly isPlanned: boolean;
}

/** Throws `UserError` for options that do not go together and for what cannot be trained. */
export async function openTraining(
  { recipe: name, only, bank: path, maxMinutes, set }: Asked,
  source: { folder: Folder; gzip: Gzip; watch?: Watch },
): Promise<Training> {
  const entry: Recipe | RecipePlan | undefined = name === undefined ? undefined : lookUp(recipes, name, "recipe");
  if ((only === undefined) !== (path === undefined))
    throw new UserError("--only decision and --bank go together: the candidates are those of the bank");
  if (path === undefined) {
    if (!entry) throw new UserError(`--recipe must be given, one of: ${Object.keys(recipes).join(", ")}`);
    return { ...(await openRecipe(entry, set, source)), isPlanned: "fit" in entry };
  }
  if (maxMinutes !== undefined)
    throw new UserError("--max-minutes plans the epochs of candidates: leave it out with --only decision");
  const given = await readBank(openFolder(path));
  const dataset = datasetOf(given);
  const base = !entry ? recipeOf(given) : "fit" in entry ? entry.fit(dataset) : entry;
  return { recipe: applySettings(recipeOver(given, base), set), dataset, given, isPlanned: false };
}
