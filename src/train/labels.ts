/** @file The choice labels that the decision network learns: Eq. 4 on windows of the training cases. */

import { bestChoice, countForeground, sliceDice } from "../danet/choice.ts";
import type { CompactCase } from "../data/compact.ts";
import { windowStarts } from "../volume/slice.ts";
import type { CandidateFile } from "./candidate-file.ts";
import { choiceCosts } from "./choice-costs.ts";
import { type Placed, plainCrop, predictCrops } from "./predict.ts";
import { identityOf, imageShape, regionClasses, type TrainRun } from "./run.ts";

/** One window and the action it should get: 0 skips, k is candidate k. */
export interface ChoiceLabel {
  /** Index in the cases that were labelled. */
  readonly case: number;
  readonly slice: number;
  readonly x: number;
  readonly y: number;
  readonly choice: number;
  /** Of each candidate; absent where there is no foreground and none had to run. */
  readonly dice?: readonly number[];
}

const PATH = "checkpoints/labels.json";

/** Labels of the run's training cases. Computed once and kept. */
export async function labelWindows(run: TrainRun, files: readonly CandidateFile[]): Promise<ChoiceLabel[]> {
  const { out, log } = run;
  const kept = await readLabels(run);
  if (kept) return kept;
  const started = performance.now();
  const labels = await labelCases(run, files, run.training);
  await out.write(PATH, new TextEncoder().encode(JSON.stringify({ identity: identityOf(run, "labels"), labels })));
  const counts = ["skip", ...run.recipe.candidates].map((_, k) => labels.filter(({ choice }) => choice === k).length);
  log.rewind("labels", -1);
  await log.add({ phase: "labels", step: 0, counts, seconds: (performance.now() - started) / 1000 });
  return labels;
}

/** The labels that `labelWindows` kept in the run's folder; null where they are not there, or of another recipe or other cases. */
export async function readLabels(
  run: Pick<TrainRun, "out" | "recipe" | "training" | "given">,
): Promise<ChoiceLabel[] | null> {
  if (!(await run.out.list()).includes(PATH)) return null;
  const { identity, labels } = JSON.parse(new TextDecoder().decode(await run.out.read(PATH))) as {
    identity: string;
    labels: ChoiceLabel[];
  };
  return identity === identityOf(run, "labels") ? labels : null;
}

/** Eq. 4 on the windows of every `labels.everySlice`-th slice. */
export async function labelCases(
  run: TrainRun,
  files: readonly CandidateFile[],
  cases: readonly CompactCase[],
): Promise<ChoiceLabel[]> {
  const windows = cases.flatMap((source, index) => windowsOf(run, source, index));
  const foreground = windows.filter(({ foreground }) => foreground > 0);
  const dice = await diceOfCandidates(run, files, foreground);
  const gflops = await choiceCosts(run, files);
  const byWindow = new Map(foreground.map((window, i) => [window, dice.map((list) => list[i]!)]));
  return windows.map((window): ChoiceLabel => {
    const { case: index, crop, foreground } = window;
    const scores = byWindow.get(window);
    const choice = bestChoice({ foreground, dice: scores ?? [], gflops }, run.recipe.choice);
    return { case: index, slice: crop.slice, x: crop.x, y: crop.y, choice, ...(scores ? { dice: scores } : {}) };
  });
}

interface LabelledWindow extends Placed {
  readonly case: number;
  readonly foreground: number;
}

/** The windows that use will cut (the whole slice in the full setting), with their count of foreground pixels. */
function windowsOf({ recipe }: TrainRun, source: CompactCase, index: number): LabelledWindow[] {
  const size = recipe.inputSize;
  const starts = (axis: 0 | 1) => windowStarts(source.size[axis], size, recipe.stride);
  const slices = Array.from({ length: source.size[2] }, (_, z) => z).filter((z) => z % recipe.labels.everySlice === 0);
  return slices.flatMap((slice) =>
    starts(1).flatMap((y) =>
      starts(0).map((x) => {
        const crop = plainCrop(source, { slice, x, y, size });
        return { source, crop, case: index, foreground: countForeground(truthOf(source, { slice, x, y, size })) };
      }),
    ),
  );
}

/** Truth voxels of the part of a window that lies in the case's box. */
export function truthOf(
  { box, truth }: CompactCase,
  at: { slice: number; x: number; y: number; size: number },
): Uint8Array {
  const [width, height, depth] = box.size;
  const z = at.slice - box.start[2];
  if (z < 0 || z >= depth || truth === undefined) return new Uint8Array();
  const [left, right] = [at.x, at.x + at.size].map((x) => Math.max(0, Math.min(width, x - box.start[0]))) as [
    number,
    number,
  ];
  const [top, bottom] = [at.y, at.y + at.size].map((y) => Math.max(0, Math.min(height, y - box.start[1]))) as [
    number,
    number,
  ];
  const found = new Uint8Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const row = (z * height + y) * width;
    found.set(truth.subarray(row + left, row + right), (y - top) * (right - left));
  }
  return found;
}

/** S_i of every window: [candidate][window]. */
export async function diceOfCandidates(
  run: TrainRun,
  files: readonly CandidateFile[],
  windows: readonly Placed[],
): Promise<number[][]> {
  const regions = Object.values(regionClasses(run.dataset));
  const all: number[][] = [];
  for (const { read } of files) {
    const dice: number[] = [];
    const model = { runtime: run.runtime, onnx: await read(), image: imageShape(run) };
    await predictCrops(model, windows, (i, found) => {
      dice.push(sliceDice(found.prediction, found.truth, regions));
      const done = all.length * windows.length + i + 1;
      if (i % 64 === 0) run.onProgress?.({ stage: "labels", done, total: files.length * windows.length });
      run.signal?.throwIfAborted();
    });
    all.push(dice);
  }
  return all;
}
