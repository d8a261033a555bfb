/**
 * @file Joint training of the bank (Eq. 5): all candidates see the same batch and are stepped one after the other with
 * loss / n. They share no weights, so this is the gradient of the mean loss. Small candidates may stop earlier, large
 * ones begin later with the weights of a smaller one.
 */

import { measureNetwork } from "../nets/network.ts";
import { keepBest, lookAt, readBest, setAside } from "./best.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { CropDrawing } from "./drawing.ts";
import { candidateSpecs, cropDepth, identityOf, regionClasses, type Trained, type TrainRun } from "./run.ts";
import { buildStep } from "./step.ts";
import { takeSteps } from "./take-steps.ts";
import { openTrainee, type Trainee } from "./trainee.ts";
import { validationCrops } from "./validate.ts";

const PATH = "checkpoints/bank.safetensors";

/** Trains or goes on training; returns the weights of each candidate. */
export async function trainBank(run: TrainRun): Promise<Record<string, Trained>> {
  const { stepsPerEpoch, validateEvery, epochs } = run.recipe.bank;
  const { list, start } = await openTrainees(run);
  const { learning, selection } = setAside(run);
  const looks = { validation: validationCrops(run, run.validation), selection: validationCrops(run, selection) };
  const sums = new Map<string, number>();
  await takeSteps(run, cropsOf(run, learning), {
    ...{ name: "bank", start, epochs, stepsPerEpoch },
    take: async (step, batches) => {
      // They begin and end with epochs, as runs do.
      for (const { id, take } of list.filter(({ first, last }) => first <= step && step < last))
        for (const loss of await take(step, batches)) sums.set(id, (sums.get(id) ?? 0) + loss);
    },
    share: (step) => shareDone(run, list, step),
    describe: async (step) => {
      const isLook = (step / stepsPerEpoch) % validateEvery === 0 || step === epochs * stepsPerEpoch;
      const found = isLook ? await takeLooks(run, list, { looks, step }) : {};
      return { loss: meanLosses(sums, stepsPerEpoch), learningRate: ratesOf(list, step - 1), ...found };
    },
    save: (step) => saveBank(run, list, step),
  });
  const last = await trainedOf(list);
  for (const trainee of list) await trainee.release();
  return selection.length > 0 ? readBest(run, last) : last;
}

async function openTrainees(run: TrainRun): Promise<{ list: Trainee[]; start: number }> {
  const { recipe, out, runtime } = run;
  const { batch, weightDecay, crossEntropyWeight, diceOf, diceBeta: beta } = recipe.bank;
  const dice = diceOf === "regions" ? { beta, regions: Object.values(regionClasses(run.dataset)) } : { beta };
  const options = { batch, weightDecay, crossEntropyWeight, lossScale: 1 / recipe.candidates.length, dice };
  const graphs = Object.entries(candidateSpecs(run)).map(([id, spec]) => [id, buildStep(spec, options)] as const);
  const plans = Object.fromEntries(graphs.map(([id, { plan }]) => [id, plan]));
  const checkpoint = await readCheckpoint(out, PATH, { identity: identityOf(run, "bank"), plans });
  const list: Trainee[] = [];
  for (const [index, [id, graph]] of graphs.entries()) {
    const parent = list.find((one) => one.id === recipe.candidates[index]!.grow?.from);
    const state = checkpoint?.states[id]?.state;
    list.push(await openTrainee({ recipe, index, graph, runtime, state, parent }));
  }
  return { list, start: checkpoint?.step ?? 0 };
}

/** Those that have begun, by id. */
async function trainedOf(list: readonly Trainee[]): Promise<Record<string, Trained>> {
  const states = await Promise.all(list.map(async ({ id, trained }) => [id, await trained()] as const));
  return Object.fromEntries(states.filter((entry): entry is [string, Trained] => entry[1] !== null));
}

/** Share of the multiply-adds of the whole training that are done: steps differ in cost. */
function shareDone(run: TrainRun, list: readonly Trainee[], step: number): number {
  const costs = Object.values(candidateSpecs(run)).map((spec) => measureNetwork(spec).macs);
  const work = (until: number) =>
    list.reduce((sum, { first, last }, i) => sum + costs[i]! * Math.max(0, Math.min(until, last) - first), 0);
  return work(step) / work(Number.POSITIVE_INFINITY);
}

/** The crops that the candidates learn from. */
function cropsOf({ recipe, dataset }: TrainRun, cases: TrainRun["training"]): CropDrawing {
  const depth = cropDepth({ recipe, dataset });
  const plan = { ...recipe.sampling, crop: recipe.inputSize, ...(depth !== undefined && { depth }) };
  return { kind: "crops", cases, plan, batch: recipe.bank.batch, seed: recipe.seed };
}

/** Mean over the epoch; candidates that do not train in it have none. */
function meanLosses(sums: Map<string, number>, steps: number): Record<string, number> {
  const means = Object.fromEntries([...sums].map(([id, sum]) => [id, sum / steps]));
  sums.clear();
  return means;
}

const ratesOf = (list: readonly Trainee[], step: number) =>
  Object.fromEntries(
    list
      .filter(({ first, last }) => first <= step && step < last)
      .map(({ id, learningRateAt }) => [id, learningRateAt(step)]),
  );

type Looks = Record<"validation" | "selection", ReturnType<typeof validationCrops>>;

/** Dice on the validation cases and on those set aside for selection, where there are some. */
async function takeLooks(run: TrainRun, list: readonly Trainee[], { looks, step }: { looks: Looks; step: number }) {
  const trained = await trainedOf(list);
  const validation = looks.validation.length > 0 ? await lookAt(run, trained, looks.validation) : undefined;
  const selection = looks.selection.length > 0 ? await lookAt(run, trained, looks.selection) : undefined;
  if (selection) await keepBest(run, trained, { step, looks: selection });
  return { ...(validation && { validation }), ...(selection && { selection }) };
}

const saveBank = async (run: TrainRun, list: readonly Trainee[], step: number) =>
  writeCheckpoint(run.out, PATH, { step, identity: identityOf(run, "bank"), states: await trainedOf(list) });
