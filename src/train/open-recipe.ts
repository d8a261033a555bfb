/** @file A recipe and the data set that it trains on. Some recipes take their sizes and networks from the data. */

import type { Dataset, Watch } from "../data/dataset.ts";
import { openDataset } from "../data/open.ts";
import type { Folder, Gzip } from "../platform.ts";
import { applySettings, type Recipe } from "./recipe.ts";

/** A recipe for every data set of a family. */
export interface RecipePlan {
  readonly dataset: string;
  fit(dataset: Dataset): Recipe;
}

/**
 * The recipe of an entry of the table, with the settings (`applySettings`) over what was planned, and its data set, for
 * which a family's cases are all read. Throws `UserError`.
 */
export async function openRecipe(
  entry: Recipe | RecipePlan,
  settings: readonly string[],
  source: { folder: Folder; gzip: Gzip; watch?: Watch },
): Promise<{ recipe: Recipe; dataset: Dataset }> {
  if (!("fit" in entry)) {
    const recipe = applySettings(entry, settings);
    return { recipe, dataset: await openDataset(recipe.dataset, source) };
  }
  const dataset = await openDataset(entry.dataset, source);
  return { recipe: applySettings(entry.fit(dataset), settings), dataset };
}
