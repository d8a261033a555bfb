/** @file The colours of labels and choices, the same as in the pictures. */

import { assignChoiceColours, assignLabelColours, type Colour } from "../report/colour.ts";
import { css } from "./format.ts";

export const labelColours = (labelNames: Readonly<Record<number, string>>): Readonly<Record<number, Colour>> =>
  assignLabelColours(Object.keys(labelNames).map(Number));

/** Choice -> colour; skip follows the page's light or dark. */
export const choiceColours = (candidates: number): string[] => [
  "var(--skip)",
  ...assignChoiceColours(candidates).slice(1).map(css),
];
