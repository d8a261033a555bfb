/** @file The table of recipes. */

import type { Recipe } from "../train/recipe.ts";
import { brats } from "./brats.ts";
import { bratsPaper, bratsPaperFull } from "./brats-paper.ts";
import { phantom } from "./phantom.ts";

export const recipes = {
  brats,
  "brats-paper": bratsPaper,
  "brats-paper-full": bratsPaperFull,
  phantom,
} as const satisfies Record<string, Recipe>;
