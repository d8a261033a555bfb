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

/** The networks of a recipe at its input size, candidates first, by id. */
export function candidateSpecs({ recipe, dataset }: Pick<TrainRun, "recipe" | "dataset">): Record<string, NetworkSpec> {
  const image = [dataset.channels.length, recipe.inputSize, recipe.inputSize];
  return Object.fromEntries(
    recipe.candidates.map(({ id, network, config }) => [
      id,
      { network: lookUp(networks, network, "network") as Network, config, outputs: dataset.labels.length, image },
    ]),
  );
}

export function decisionSpec({ recipe, dataset }: Pick<TrainRun, "recipe" | "dataset">): NetworkSpec {
  const { network, config } = recipe.decision;
  const image = [dataset.channels.length, recipe.inputSize, recipe.inputSize];
  const outputs = recipe.candidates.length + 1;
  return { network: lookUp(networks, network, "network") as Network, config, outputs, image };
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
