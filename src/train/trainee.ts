/** @file One candidate in joint training: the steps that it takes part in, and the weights that it begins with. */

import { learningRateAt } from "../nn/schedule.ts";
import { sizeOf, type WeightPlan } from "../nn/scope.ts";
import type { Runtime } from "../platform.ts";
import { createRandom, deriveSeed } from "../random.ts";
import type { DrawnBatch } from "./drawing.ts";
import { weightsOf } from "./export.ts";
import type { Recipe } from "./recipe.ts";
import { STREAM, type Trained } from "./run.ts";
import { createStepper, initialState, type StepGraph, type Stepper, type TrainState } from "./step.ts";

export interface Trainee {
  readonly id: string;
  readonly graph: StepGraph;
  /** It takes part in the steps [first, last). */
  readonly first: number;
  readonly last: number;
  /** As it is now; null before its first step. */
  trained(): Promise<Trained | null>;
  /** Updates from step t on, one a batch, with its own learning rates and dropout; returns the losses. */
  take(step: number, batches: readonly DrawnBatch[]): Promise<number[]>;
  /** Of step t: its schedule ends with its own training, as a network frozen in the decay would never settle. */
  learningRateAt(step: number): number;
  release(): Promise<void>;
}

export interface TraineeOptions {
  readonly recipe: Recipe;
  /** Position in the recipe's candidates. */
  readonly index: number;
  readonly graph: StepGraph;
  readonly runtime: Runtime;
  /** From a checkpoint. */
  readonly state: TrainState | undefined;
  /** The candidate that `grow` names. */
  readonly parent: Trainee | undefined;
}

export async function openTrainee(options: TraineeOptions): Promise<Trainee> {
  const { recipe, index, graph, runtime, parent } = options;
  const { epochs, stepsPerEpoch, warmupEpochs, learningRate } = recipe.bank;
  const { id, trainedShare, grow } = recipe.candidates[index]!;
  const last = Math.round(trainedShare * epochs) * stepsPerEpoch;
  const first = grow ? Math.min(Math.round(grow.at * epochs) * stepsPerEpoch, last - stepsPerEpoch) : 0;
  const schedule = { learningRate, warmupSteps: Math.round(warmupEpochs * stepsPerEpoch), totalSteps: last - first };
  const rateAt = (step: number) => learningRateAt(step - first, schedule);
  let stepper: Stepper | undefined = options.state && (await createStepper(runtime, graph, options.state));
  const begin = async () => {
    const start = initialState(graph.plan, deriveSeed(recipe.seed, STREAM.weights, index));
    const trained = await parent?.trained();
    return createStepper(runtime, graph, trained ? growState({ plan: graph.plan, state: start }, trained) : start);
  };
  return {
    ...{ id, graph, first, last, learningRateAt: rateAt },
    trained: async () => (stepper ? { plan: graph.plan, state: await stepper.state() } : null),
    take: async (step, batches) => {
      stepper ??= await begin();
      const randomAt = (t: number) => createRandom(deriveSeed(recipe.seed, STREAM.dropout, index, t));
      return stepper.take(
        batches.map((batch, i) => ({ ...batch, learningRate: rateAt(step + i), random: randomAt(step + i) })),
      );
    },
    release: async () => stepper?.release(),
  };
}

/**
 * The start of a network that grows out of another: every weight and running statistic whose key and shape the parent
 * has too is the parent's, the others and Adam's moments are those of `own`.
 */
export function growState(own: Trained, parent: Trained): TrainState {
  const source = weightsOf(parent.plan, parent.state);
  const shapes = new Map(
    [...parent.plan.parameters, ...parent.plan.buffers].map(({ key, shape }) => [key, `${shape}`]),
  );
  const grown = (specs: WeightPlan["parameters"], flat: Float32Array) => {
    const result = flat.slice();
    let at = 0;
    for (const spec of specs) {
      if (shapes.get(spec.key) === `${spec.shape}`) result.set(source[spec.key]!, at);
      at += sizeOf([spec]);
    }
    return result;
  };
  const { plan, state } = own;
  return {
    ...state,
    parameters: grown(plan.parameters, state.parameters),
    buffers: grown(plan.buffers, state.buffers),
  };
}
