/**
 * @file Joint training of the bank (Eq. 5): all candidates see the same batch and are stepped one after the other with
 * loss / n. They share no weights, so this is the gradient of the mean loss. Small candidates stop earlier.
 */

import { fillBatch, poolSlices, type SamplePlan } from "../data/sampler.ts";
import { learningRateAt } from "../nn/schedule.ts";
import { createRandom, deriveSeed } from "../random.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { weightsOf } from "./export.ts";
import type { Recipe } from "./recipe.ts";
import { candidateSpecs, identityOf, regionClasses, STREAM, type Trained, type TrainRun } from "./run.ts";
import { buildStep, createStepper, initialState, type StepGraph, type Stepper } from "./step.ts";
import { validate, validationCrops } from "./validate.ts";

const PATH = "checkpoints/bank.safetensors";

/** One candidate in training. */
interface Trainee {
  readonly id: string;
  readonly index: number;
  readonly graph: StepGraph;
  readonly stepper: Stepper;
  /** Steps that it takes part in. */
  readonly steps: number;
}

/** Trains or goes on training; returns the weights of each candidate. */
export async function trainBank(run: TrainRun): Promise<Record<string, Trained>> {
  const { recipe, log } = run;
  const trainees = await openTrainees(run);
  let step = trainees.start;
  log.rewind("bank", step);
  const total = recipe.bank.epochs * recipe.bank.stepsPerEpoch;
  const draw = batchDrawer(run);
  const crops = validationCrops(run.validation, recipe.inputSize);
  const sums = new Map<string, number>();
  let started = performance.now();
  while (step < total) {
    const batch = draw(step);
    for (const trainee of trainees.list) {
      if (step >= trainee.steps) continue;
      const loss = await trainee.stepper.step({ ...batch, ...stepSettings(recipe, trainee, step) });
      sums.set(trainee.id, (sums.get(trainee.id) ?? 0) + loss);
    }
    step++;
    run.onProgress?.({ stage: "bank", done: step, total });
    const epochEnds = step % recipe.bank.stepsPerEpoch === 0;
    if (epochEnds) {
      const epoch = step / recipe.bank.stepsPerEpoch;
      const look = crops.length > 0 && (epoch % recipe.bank.validateEvery === 0 || step === total);
      const seconds = (performance.now() - started) / 1000;
      const loss = meanLosses(sums, recipe.bank.stepsPerEpoch);
      const validation = look ? await validateAll(run, trainees.list, crops) : undefined;
      await log.add({ phase: "bank", step, epoch, loss, seconds, ...(validation ? { validation } : {}) });
      started = performance.now();
    }
    if (epochEnds || run.signal?.aborted) await saveBank(run, trainees.list, step);
    run.signal?.throwIfAborted();
  }
  const trained = trainees.list.map(
    ({ id, graph, stepper }) => [id, { plan: graph.plan, state: stepper.state() }] as const,
  );
  for (const { stepper } of trainees.list) await stepper.release();
  return Object.fromEntries(trained);
}

async function openTrainees(run: TrainRun): Promise<{ list: Trainee[]; start: number }> {
  const { recipe, out, runtime } = run;
  const { epochs, stepsPerEpoch, batch, weightDecay, crossEntropyWeight } = recipe.bank;
  const options = { batch, weightDecay, crossEntropyWeight, lossScale: 1 / recipe.candidates.length };
  const graphs = Object.entries(candidateSpecs(run)).map(([id, spec]) => [id, buildStep(spec, options)] as const);
  const plans = Object.fromEntries(graphs.map(([id, { plan }]) => [id, plan]));
  const checkpoint = await readCheckpoint(out, PATH, { identity: identityOf(run, "bank"), plans });
  const list: Trainee[] = [];
  for (const [index, [id, graph]] of graphs.entries()) {
    const seed = deriveSeed(recipe.seed, STREAM.weights, index);
    const start = checkpoint?.states[id]?.state ?? initialState(graph.plan, seed);
    const steps = Math.round(recipe.candidates[index]!.trainedShare * epochs) * stepsPerEpoch;
    list.push({ id, index, graph, steps, stepper: await createStepper(runtime, graph, start) });
  }
  return { list, start: checkpoint?.step ?? 0 };
}

/** The crops of step t: the same whatever happened before. */
function batchDrawer({ recipe, training, dataset }: TrainRun) {
  const pool = poolSlices(training);
  const plan: SamplePlan = { ...recipe.sampling, crop: recipe.inputSize };
  const area = recipe.inputSize ** 2;
  const images = new Float32Array(recipe.bank.batch * dataset.channels.length * area);
  const truth = new Uint8Array(recipe.bank.batch * area);
  return (step: number) => {
    const random = createRandom(deriveSeed(recipe.seed, STREAM.batch, step));
    fillBatch({ pool, plan, random, into: { images, truth } });
    return { image: images, targets: truth };
  };
}

/** Each candidate's schedule ends with its own training. */
function stepSettings({ seed, bank }: Recipe, { index, steps }: Trainee, step: number) {
  const warmupSteps = Math.round(bank.warmupEpochs * bank.stepsPerEpoch);
  return {
    learningRate: learningRateAt(step, { learningRate: bank.learningRate, warmupSteps, totalSteps: steps }),
    random: createRandom(deriveSeed(seed, STREAM.dropout, index, step)),
  };
}

/** Mean over the epoch; candidates that no longer train have none. */
function meanLosses(sums: Map<string, number>, steps: number): Record<string, number> {
  const means = Object.fromEntries([...sums].map(([id, sum]) => [id, sum / steps]));
  sums.clear();
  return means;
}

async function validateAll(run: TrainRun, trainees: readonly Trainee[], crops: ReturnType<typeof validationCrops>) {
  const specs = candidateSpecs(run);
  const found: Record<string, Record<string, number>> = {};
  for (const { id, graph, stepper } of trainees) {
    const model = { runtime: run.runtime, spec: specs[id]!, weights: weightsOf(graph.plan, stepper.state()) };
    found[id] = await validate(model, crops, regionClasses(run.dataset));
  }
  return found;
}

const saveBank = (run: TrainRun, trainees: readonly Trainee[], step: number) =>
  writeCheckpoint(run.out, PATH, {
    step,
    identity: identityOf(run, "bank"),
    states: Object.fromEntries(
      trainees.map(({ id, graph, stepper }) => [id, { plan: graph.plan, state: stepper.state() }]),
    ),
  });
