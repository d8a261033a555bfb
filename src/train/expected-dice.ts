/** @file E of `danet/budget.ts`: how well each action does on training windows of each choice label. */

import type { CandidateFile } from "./candidate-file.ts";
import { type ChoiceLabel, diceOfCandidates } from "./labels.ts";
import { plainCrop } from "./predict.ts";
import type { Recipe } from "./recipe.ts";
import { identityOf, type TrainRun } from "./run.ts";

const PATH = "checkpoints/expected-dice.json";

/** Windows without foreground that the candidates are run on: a minute for the bank of `brats` on two cores. */
export const BACKGROUND = 400;

/** Computed once and kept. `labels` are those of the run's training cases. */
export async function measureExpectedDice(
  run: TrainRun,
  files: readonly CandidateFile[],
  labels: readonly ChoiceLabel[],
): Promise<number[][]> {
  const { out } = run;
  const identity = identityOf(run, "labels");
  if ((await out.list()).includes(PATH)) {
    const kept = JSON.parse(new TextDecoder().decode(await out.read(PATH))) as Kept;
    if (kept.identity === identity) return kept.expectedDice;
  }
  const dice = await diceOfCandidates(run, files, sampleBackground(run, labels));
  const onBackground = dice.map((scores) => (scores.length > 0 ? mean(scores) : 1));
  const expectedDice = meanByLabel(labels, onBackground);
  await out.write(PATH, new TextEncoder().encode(JSON.stringify({ identity, expectedDice } satisfies Kept)));
  return expectedDice;
}

interface Kept {
  readonly identity: string;
  readonly expectedDice: number[][];
}

/** Evenly spread over the windows of label 0 in slices that hold a brain: others are zeros, which no decision is about. */
function sampleBackground({ training, recipe }: TrainRun, labels: readonly ChoiceLabel[]) {
  const inBrain = ({ case: index, slice }: ChoiceLabel) => {
    const { start, size } = training[index]!.box;
    return slice >= start[2] && slice < start[2] + size[2];
  };
  const windows = labels.filter((label) => label.choice === 0 && inBrain(label));
  const count = Math.min(BACKGROUND, windows.length);
  return Array.from({ length: count }, (_, i) => {
    const { case: index, slice, x, y } = windows[Math.floor((i * windows.length) / count)]!;
    const source = training[index]!;
    return { source, crop: plainCrop(source, { slice, x, y, size: recipe.inputSize }) };
  });
}

/**
 * `[j][k]`: mean S (Eq. 4) of action k over the windows of label j. Skip scores 1 for label 0 and 0 for every other, as Eq. 4
 * never skips foreground: its S there would be the share of the regions that the window lacks, and reward a miss. A label
 * that no window has gets the mean over all windows with foreground.
 */
export function meanByLabel(labels: readonly ChoiceLabel[], onBackground: readonly number[]): number[][] {
  const foreground = labels.filter(({ choice }) => choice > 0);
  const rows = onBackground.map((_, i) => {
    const own = foreground.filter(({ choice }) => choice === i + 1);
    const windows = own.length > 0 ? own : foreground;
    return [0, ...onBackground.map((_, k) => (windows.length > 0 ? mean(windows.map(({ dice }) => dice![k]!)) : 0))];
  });
  return [[1, ...onBackground], ...rows];
}

/**
 * r of `danet/budget.ts`: the share of a label among the windows over its share in the draws of the decision network's
 * training times its weight in the loss (Eq. 7). Within tumour, and within background, training draws labels as they occur.
 */
export function ratioOfLabels(
  labels: readonly ChoiceLabel[],
  { tumourWindows, classWeights }: Pick<NonNullable<Recipe["decisionTraining"]>, "tumourWindows" | "classWeights">,
): number[] {
  const tumour = labels.filter(({ choice }) => choice > 0).length / labels.length;
  // Where one kind is not there, or never wanted, training draws the other alone.
  const isMixed = tumour > 0 && tumour < 1 && tumourWindows > 0 && tumourWindows < 1;
  const shares = isMixed ? [(1 - tumour) / (1 - tumourWindows), tumour / tumourWindows] : [1, 1];
  return classWeights.map((weight, j) => shares[Math.min(j, 1)]! / weight);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
