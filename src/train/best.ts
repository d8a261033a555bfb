/** @file Which weights of a candidate are kept: the last, or the best by cases of the training set that it does not learn from. */

import { makeFolds } from "../data/folds.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { weightsOf } from "./export.ts";
import { candidateSpecs, identityOf, regionClasses, type Trained, type TrainRun } from "./run.ts";
import { validate, type validationCrops } from "./validate.ts";

/** Mean Dice of each region, by candidate. */
export type Looks = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Splits off `bank.selectionCases` of the training cases, stratified and seeded; none is the default. */
export function setAside({
  recipe,
  training,
  dataset,
}: TrainRun): Record<"learning" | "selection", TrainRun["training"]> {
  const wanted = recipe.bank.selectionCases;
  if (wanted === 0) return { learning: training, selection: [] };
  const ids = training.map(({ id }) => id);
  const count = Math.max(2, Math.round(ids.length / wanted));
  const [fold] = makeFolds(ids, { count, seed: recipe.seed, stratum: dataset.stratum });
  const selection = training.filter(({ id }) => fold!.validation.includes(id));
  return { learning: training.filter((one) => !selection.includes(one)), selection };
}

/** Dice of each candidate that has begun, over crops. */
export async function lookAt(
  run: TrainRun,
  trained: Readonly<Record<string, Trained>>,
  crops: ReturnType<typeof validationCrops>,
): Promise<Looks> {
  const specs = candidateSpecs(run);
  const found: Record<string, Record<string, number>> = {};
  for (const [id, { plan, state }] of Object.entries(trained)) {
    const model = { runtime: run.runtime, spec: specs[id]!, weights: weightsOf(plan, state) };
    found[id] = await validate(model, crops, regionClasses(run.dataset));
  }
  return found;
}

const pathOf = (id: string) => `checkpoints/best-${id}.safetensors`;
const NOTHING = new Float32Array();

/**
 * Keeps each candidate's weights when their mean Dice over `selection` is higher than ever, in a file of their own. A
 * resumed run meets the same looks again and keeps the same weights.
 */
export async function keepBest(
  run: TrainRun,
  trained: Readonly<Record<string, Trained>>,
  { step, looks }: { step: number; looks: Looks },
) {
  const identity = identityOf(run, "bank");
  for (const [id, { plan, state }] of Object.entries(trained)) {
    const regions = Object.values(looks[id]!);
    const score = regions.reduce((sum, dice) => sum + dice, 0) / regions.length;
    const before = await readCheckpoint(run.out, pathOf(id), { identity, plans: { [id]: plan } });
    if (before && before.step <= step && (before.score ?? 0) >= score) continue;
    const weights = { ...state, mean: NOTHING, square: NOTHING, largest: NOTHING };
    await writeCheckpoint(run.out, pathOf(id), { step, score, identity, states: { [id]: { plan, state: weights } } });
  }
}

/** The best weights of each candidate; the last where no look was taken. */
export async function readBest(
  run: TrainRun,
  last: Readonly<Record<string, Trained>>,
): Promise<Record<string, Trained>> {
  const identity = identityOf(run, "bank");
  const best = Object.entries(last).map(async ([id, trained]) => {
    const kept = await readCheckpoint(run.out, pathOf(id), { identity, plans: { [id]: trained.plan } });
    return [id, kept?.states[id] ?? trained] as const;
  });
  return Object.fromEntries(await Promise.all(best));
}
