/** @file The trained decision network on labelled windows: its confusion matrix, and what its skips would cost a user. */

import { type Choice, decide } from "../danet/decision.ts";
import type { CompactCase } from "../data/compact.ts";
import type { CandidateFile } from "./candidate-file.ts";
import { weightsOf } from "./export.ts";
import { type ChoiceLabel, labelCases } from "./labels.ts";
import { modelOf, plainCrop, runCrops } from "./predict.ts";
import { decisionSpec, type Trained, type TrainRun } from "./run.ts";

export interface DecisionCheck {
  /** Windows by [label][decision]; 0 is skip, k candidate k. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of the tumour-bearing windows that are not skipped; this and the shares below are null without tumour. */
  readonly tumourRecall: number | null;
  /** Of the tumour voxels, each counted in every window that holds it, the share in windows that are skipped. */
  readonly skippedTumour: number | null;
  /** Share of the tumour voxels of which every window is skipped: lost whatever the candidates do. */
  readonly lostTumour: number | null;
}

interface Checked {
  readonly files: readonly CandidateFile[];
  readonly decision: Trained;
  /** Of the training cases. */
  readonly labels: readonly ChoiceLabel[];
}

/** Logs the check on the training windows and, labelled in the same way but never learned from, the validation windows. */
export async function logDecisionCheck(run: TrainRun, { files, decision, labels }: Checked): Promise<void> {
  const { log, recipe, training, validation } = run;
  if (log.entries().some(({ check }) => check !== undefined)) return;
  const started = performance.now();
  const check = async (cases: readonly CompactCase[], labels: readonly ChoiceLabel[]) => {
    const choices = await decideWindows(run, decision, { cases, labels });
    return checkDecisions({ choices, labels, cases, size: recipe.inputSize, actions: recipe.candidates.length + 1 });
  };
  const onTraining = await check(training, labels);
  const onValidation = validation.length > 0 && (await check(validation, await labelCases(run, files, validation)));
  await log.add({
    phase: "decision",
    step: recipe.decisionTraining.epochs * recipe.decisionTraining.stepsPerEpoch,
    check: { training: onTraining, ...(onValidation && { validation: onValidation }) },
    seconds: (performance.now() - started) / 1000,
  });
}

interface Labelled {
  readonly cases: readonly CompactCase[];
  /** Their `case` is an index in `cases`. */
  readonly labels: readonly ChoiceLabel[];
}

/** The decision for each labelled window. */
async function decideWindows(run: TrainRun, { plan, state }: Trained, { cases, labels }: Labelled): Promise<Choice[]> {
  const size = run.recipe.inputSize;
  const crops = labels.map(({ case: index, slice, x, y }) => {
    const source = cases[index]!;
    return { source, crop: plainCrop(source, { slice, x, y, size }) };
  });
  const choices: Choice[] = [];
  const model = modelOf(run.runtime, decisionSpec(run), weightsOf(plan, state));
  await runCrops(model, crops, (index, { output }) => {
    choices.push(decide(output).choice);
    if (index % 64 === 0) run.onProgress?.({ stage: "check", done: index, total: crops.length });
    run.signal?.throwIfAborted();
  });
  return choices;
}

/** `choices` are the decisions for the windows of `labels`, which are `size` voxels wide and high. */
export function checkDecisions({
  choices,
  labels,
  cases,
  size,
  actions,
}: Labelled & { choices: readonly Choice[]; size: number; actions: number }): DecisionCheck {
  const confusion = Array.from({ length: actions }, () => new Array<number>(actions).fill(0));
  const slices = new Map<string, Decided[]>();
  labels.forEach(({ case: index, slice, x, y, choice }, i) => {
    confusion[choice]![choices[i]!]!++;
    const key = `${index} ${slice}`;
    slices.set(key, [...(slices.get(key) ?? []), { x, y, runs: choices[i] !== 0 }]);
  });
  const sum = { seen: 0, skipped: 0, voxels: 0, lost: 0 };
  for (const [key, windows] of slices) {
    const [index, slice] = key.split(" ").map(Number) as [number, number];
    for (const [x, y] of tumourOf(cases[index]!, slice)) {
      const holders = windows.filter((w) => x >= w.x && x < w.x + size && y >= w.y && y < w.y + size);
      const skipped = holders.filter(({ runs }) => !runs).length;
      sum.seen += holders.length;
      sum.skipped += skipped;
      sum.voxels++;
      sum.lost += Number(skipped === holders.length);
    }
  }
  const tumour = confusion.slice(1).flat();
  const missed = confusion.slice(1).reduce((total, [skipped]) => total + skipped!, 0);
  const windows = tumour.reduce((a, b) => a + b, 0);
  return {
    confusion,
    tumourRecall: share(windows - missed, windows),
    skippedTumour: share(sum.skipped, sum.seen),
    lostTumour: share(sum.lost, sum.voxels),
  };
}

interface Decided {
  readonly x: number;
  readonly y: number;
  readonly runs: boolean;
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);

/** x and y of the tumour voxels of a slice. */
function tumourOf({ box, truth }: CompactCase, slice: number): [number, number][] {
  const [width, height, depth] = box.size;
  const z = slice - box.start[2];
  if (z < 0 || z >= depth || truth === undefined) return [];
  const found: [number, number][] = [];
  for (let i = 0; i < width * height; i++) {
    if (truth[z * width * height + i] === 0) continue;
    found.push([box.start[0] + (i % width), box.start[1] + Math.floor(i / width)]);
  }
  return found;
}
