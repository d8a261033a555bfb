/** @file The table of recipes. */

import type { RecipePlan } from "../train/open-recipe.ts";
import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";
import { bratsPaper, bratsPaperFull } from "./brats-paper.ts";
import { decathlon } from "./decathlon.ts";
import { ctPhantom, lits } from "./lits.ts";
import { phantom } from "./phantom.ts";
import { systems } from "./systems.ts";

export const recipes = {
  brats,
  "brats-paper": bratsPaper,
  "brats-paper-full": bratsPaperFull,
  lits,
  decathlon,
  phantom,
  "ct-phantom": ctPhantom,
  ...systems,
} as const satisfies Record<string, Recipe | RecipePlan>;
