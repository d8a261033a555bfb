/** @file A whole training: bank, choice labels and decision network where the recipe has one, bank folder. Each phase goes on where it was left. */

import { type NewBank, type Postprocessing, type UnhashedModel, writeBank } from "../danet/bank.ts";
import { measureNetwork, type NetworkSpec } from "../nets/network.ts";
import type { Folder } from "../platform.ts";
import { trainBank } from "./bank.ts";
import { filesOfBank, filesOfTrained } from "./candidate-file.ts";
import { logDecisionCheck } from "./check-decision.ts";
import { trainDecision } from "./decision.ts";
import { measureExpectedDice, ratioOfLabels } from "./expected-dice.ts";
import { exportNetwork, weightsOf } from "./export.ts";
import { labelWindows } from "./labels.ts";
import { candidateSpecs, decisionSpec, type Trained, type TrainRun } from "./run.ts";

/** Trains all phases, or the decision network alone over a given bank, and writes the bank to `bankFolder`. */
export async function train(run: TrainRun, { bankFolder, version }: { bankFolder: Folder; version: string }) {
  const bank = run.given ? {} : await trainBank(run);
  if (!run.recipe.decision) return exportBank(run, bank, { bankFolder, version });
  const files = run.given ? filesOfBank(run.given) : filesOfTrained(run, bank);
  const labels = await labelWindows(run, files);
  const decision = await trainDecision(run, labels);
  await logDecisionCheck(run, { files, decision, labels });
  const expectedDice = await measureExpectedDice(run, files, labels);
  const worth = { expectedDice, labelRatio: ratioOfLabels(labels, run.recipe.decisionTraining) };
  await exportBank(run, { ...bank, [run.recipe.decision.id]: decision }, { bankFolder, version, worth });
}

/** Writes trained networks, by id, as a bank folder. */
export async function exportBank(
  run: TrainRun,
  trained: Readonly<Record<string, Trained>>,
  {
    bankFolder,
    version,
    worth,
  }: { bankFolder: Folder; version: string; worth?: Pick<NewBank, "expectedDice" | "labelRatio"> },
) {
  const { recipe, dataset, given } = run;
  const models: Record<string, Uint8Array> = {};
  for (const { file } of given?.candidates ?? []) models[file] = await given!.folder.read(file);
  const describe = (spec: NetworkSpec, { id, network, config }: { id: string; network: string; config: object }) => {
    const { plan, state } = trained[id]!;
    const file = `${id}.onnx`;
    // The decision network is small enough to stay as it is: rounding it would change the routing of every use.
    const storage = spec.network.task === "decide" ? "float32" : recipe.storage;
    models[file] = exportNetwork(spec, weightsOf(plan, state), { storage, version });
    const { parameters, macs, paper } = measureNetwork(spec);
    const output = spec.network.task === "segment" ? "probabilities" : "logits";
    const all = { ...(spec.network.defaults as object), ...config } as UnhashedModel["config"];
    const depth = spec.image.length === 4 && { depth: spec.image[1]! };
    return { id, network, config: all, file, output, ...depth, parameters, flops: { macs, paper } } as UnhashedModel;
  };
  const manifest: NewBank = {
    dataset: dataset.id,
    channels: [...dataset.channels],
    labels: [...dataset.labels],
    regions: Object.fromEntries(Object.entries(dataset.regions).map(([name, labels]) => [name, [...labels]])),
    normalization: dataset.normalization,
    frame: {
      orientation: dataset.frame.orientation,
      spacing: [...dataset.frame.spacing],
      sliceSize: [...dataset.frame.sliceSize],
    },
    inputSize: [recipe.inputSize, recipe.inputSize],
    setting: recipe.setting,
    stride: recipe.stride,
    candidates:
      given?.candidates ?? Object.values(candidateSpecs(run)).map((spec, i) => describe(spec, recipe.candidates[i]!)),
    ...(recipe.decision && { decision: describe(decisionSpec(run), recipe.decision) }),
    ...worth,
    ...activeRules(given ? given.postprocess : recipe.postprocess),
    recipe: structuredClone(recipe),
    trainingCases: [...new Set([...(given?.trainingCases ?? []), ...run.training.map(({ id }) => id)])],
    seed: recipe.seed,
    toolVersion: version,
  };
  await writeBank(bankFolder, manifest, models);
}

/** The rules that do something. */
function activeRules(rules: Postprocessing | undefined): Pick<NewBank, "postprocess"> {
  if (rules === undefined) return {};
  const minRegion = Object.fromEntries(Object.entries(rules.minRegion).filter(([, { below }]) => below > 0));
  const encloseRegion = Object.fromEntries(Object.entries(rules.encloseRegion).filter(([, { radius }]) => radius > 0));
  const isActive = rules.minComponent > 0 || [minRegion, encloseRegion].some((some) => Object.keys(some).length > 0);
  return isActive ? { postprocess: { ...rules, encloseRegion, minRegion } } : {};
}
