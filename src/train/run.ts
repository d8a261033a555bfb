/** @file What every phase of a training is given. */

import type { CompactCase } from "../data/compact.ts";
import type { Dataset } from "../data/dataset.ts";
import { lookUp } from "../error.ts";
import { networks } from "../nets/index.ts";
import type { Network, NetworkSpec } from "../nets/network.ts";
import type { WeightPlan } from "../nn/scope.ts";
import type { Folder, Progress, Runtime } from "../platform.ts";
import type { Log, LogEntry } from "./log.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainState } from "./step.ts";

export interface TrainRun {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly training: readonly CompactCase[];
  /** Looked at, never learned from; may be empty. */
  readonly validation: readonly CompactCase[];
  readonly runtime: Runtime;
  readonly out: Folder;
  readonly log: Log;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Aborted: the phase writes a checkpoint and throws the signal's reason. */
  readonly signal: AbortSignal | undefined;
}

export interface Trained {
  readonly plan: WeightPlan;
  readonly state: TrainState;
}

/** Streams of random numbers of a run, see `deriveSeed`. */
export const STREAM = { weights: 1, batch: 2, dropout: 3, decisionWeights: 4, decisionBatch: 5, decisionDropout: 6 };

type Networked = Pick<TrainRun, "recipe" | "dataset">;

/** The candidates of a recipe at its input size, by id. */
export const candidateSpecs = (run: Networked): Record<string, NetworkSpec> =>
  Object.fromEntries(run.recipe.candidates.map((one) => [one.id, specOf(run, one, run.dataset.labels.length)]));

export const decisionSpec = (run: Networked): NetworkSpec =>
  specOf(run, run.recipe.decision, run.recipe.candidates.length + 1);

function specOf(
  { recipe, dataset }: Networked,
  entry: { network: string; config: object },
  outputs: number,
): NetworkSpec {
  const network = lookUp(networks, entry.network, "network") as Network;
  const image = [dataset.channels.length, recipe.inputSize, recipe.inputSize];
  return { network, config: entry.config, outputs, image };
}

/** Region -> class indices. */
export const regionClasses = ({ regions, labels }: Dataset): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(regions).map(([region, members]) => [region, members.map((label) => labels.indexOf(label))]),
  );

/**
 * What the result of a phase depends on, as text. A later phase depends on all that an earlier one does, and not the
 * other way round: another decision network can be trained on a bank that is there.
 */
export function identityOf(
  { recipe, training }: Pick<TrainRun, "recipe" | "training">,
  phase: LogEntry["phase"],
): string {
  const { dataset, seed, inputSize, candidates, bank, sampling, setting, stride, choice, labels } = recipe;
  const { decision, decisionTraining } = recipe;
  const cases = training.map(({ id }) => id);
  return JSON.stringify({
    ...{ dataset, seed, inputSize, candidates, bank, sampling, cases },
    ...(phase === "bank" ? {} : { setting, stride, choice, labels }),
    ...(phase === "decision" ? { decision, decisionTraining } : {}),
  });
}
