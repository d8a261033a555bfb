/** @file What every phase of a training is given. */

import type { Bank } from "../danet/bank.ts";
import type { CompactCase } from "../data/compact.ts";
import type { Dataset } from "../data/dataset.ts";
import { lookUp, UserError } from "../error.ts";
import { networks } from "../nets/index.ts";
import type { Network, NetworkSpec } from "../nets/network.ts";
import type { WeightPlan } from "../nn/scope.ts";
import type { Folder, Progress, Runtime } from "../platform.ts";
import type { BatchDrawer } from "./drawing.ts";
import type { Log, LogEntry } from "./log.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainState } from "./step.ts";

export interface TrainRun {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly training: readonly CompactCase[];
  /** Looked at, never learned from; may be empty. */
  readonly validation: readonly CompactCase[];
  /** A bank whose candidates are taken as they are: only a decision network is trained. */
  readonly given?: Bank | undefined;
  readonly runtime: Runtime;
  readonly drawer: BatchDrawer;
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

/** Of a slice's input: [C, H, W]. */
export const imageShape = ({ recipe, dataset }: Networked): number[] => [
  ...[dataset.channels.length, recipe.inputSize, recipe.inputSize],
];

/** The candidates of a recipe at its input size, by id. */
export const candidateSpecs = (run: Networked): Record<string, NetworkSpec> =>
  Object.fromEntries(run.recipe.candidates.map((one) => [one.id, specOf(run, one, "segment")]));

export const decisionSpec = (run: Networked): NetworkSpec => specOf(run, decisionEntry(run.recipe), "decide");

/** The decision network of a recipe that has one. */
export function decisionEntry({ decision }: Recipe): NonNullable<Recipe["decision"]> {
  if (decision) return decision;
  throw new UserError("recipe: this needs a decision network, the recipe has none");
}

/** Slices of a training crop: undefined for networks of slices. All candidates see the same crops. */
export function cropDepth({ recipe, dataset }: Networked): number | undefined {
  const [first, ...others] = Object.entries(candidateSpecs({ recipe, dataset }));
  const axes = (spec: NetworkSpec) => spec.image.length - 1;
  const other = others.find(([, spec]) => axes(spec) !== axes(first![1]));
  if (other)
    throw new UserError(
      `recipe: all candidates must take images of as many axes, ${first![0]} takes ${axes(first![1])} and ${other[0]} ${axes(other[1])}; train them apart`,
    );
  return axes(first![1]) === 3 ? recipe.inputSize : undefined;
}

function specOf(
  { recipe, dataset }: Networked,
  { id, ...entry }: { id: string; network: string; config: object },
  task: Network["task"],
): NetworkSpec {
  const network = lookUp(networks, entry.network, "network") as Network;
  const { title, dimensions = 2 } = network;
  const does = { segment: "segments", decide: "decides" };
  if (network.task !== task)
    throw new UserError(`recipe: ${id} must be a network that ${does[task]}, ${title} ${does[network.task]}`);
  if (dimensions === 3 && recipe.decision)
    throw new UserError(`recipe: a decision network routes slices, ${id} (${title}) takes volumes; train it alone`);
  const image = [dataset.channels.length, ...Array<number>(dimensions).fill(recipe.inputSize)];
  const outputs = task === "segment" ? dataset.labels.length : recipe.candidates.length + 1;
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
  { recipe, training, given }: Pick<TrainRun, "recipe" | "training" | "given">,
  phase: LogEntry["phase"],
): string {
  const { dataset, seed, inputSize, candidates, bank, sampling, setting, stride, choice, labels } = recipe;
  const { decision, decisionTraining } = recipe;
  const cases = training.map(({ id }) => id);
  return JSON.stringify({
    ...{ dataset, seed, inputSize, candidates, bank, sampling, cases },
    ...(given && { given: given.candidates.map(({ sha256 }) => sha256) }),
    ...(phase === "bank" ? {} : { setting, stride, choice, labels }),
    ...(phase === "decision" ? { decision, decisionTraining } : {}),
  });
}
