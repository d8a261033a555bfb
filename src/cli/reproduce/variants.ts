/**
 * @file The bank at hand with another decision network: its candidates, or a part of them, labels of another choice
 * metric, another architecture. The labels follow from the Dice that the training of the bank kept; only the decision
 * network is trained.
 */

import type { Bank, BankModel } from "../../danet/bank.ts";
import { bestChoice } from "../../danet/choice.ts";
import { lookUp, UserError } from "../../error.ts";
import { networks } from "../../nets/index.ts";
import { measureNetwork, type Network } from "../../nets/network.ts";
import { variants as architectures } from "../../nets/variants.ts";
import type { Folder } from "../../platform.ts";
import { sha256 } from "../../sha256.ts";
import { trainDecision } from "../../train/decision.ts";
import { exportNetwork, weightsOf } from "../../train/export.ts";
import { type ChoiceLabel, readLabels } from "../../train/labels.ts";
import { openLog } from "../../train/log.ts";
import { within } from "../../train/open.ts";
import type { Recipe } from "../../train/recipe.ts";
import { recipeOf } from "../../train/recipe-over.ts";
import { decisionEntry, decisionSpec, type TrainRun } from "../../train/run.ts";
import { version } from "../version.ts";
import { type Lab, shorten } from "./lab.ts";

export interface Variant {
  /** Ids, in rising cost. */
  readonly candidates: readonly string[];
  readonly choice: Recipe["choice"];
  /** Of the decision network; default: that of the bank. */
  readonly decision?: "decision" | "shufflenetv2-0.5x" | "ghostnet-0.5x" | "mobilenetv2-1.0";
}

/** The bank's own metric, with FLOPs as the cost: labels by measured time cannot be made again without measuring. */
export const ownChoice = (bank: Bank): Recipe["choice"] => ({ ...recipeOf(bank).choice, cost: "flops" });

/**
 * A bank a variant, in order. Trained networks are kept in the lab's `out`; a training that was stopped goes on. Throws
 * `UserError` when one must be trained and the training run of the bank is not at hand.
 */
export async function trainVariants(lab: Lab, variants: readonly Variant[]): Promise<Bank[]> {
  const recipe = recipeOf(lab.bank);
  let training: Promise<LabelledRun> | undefined;
  const banks: Bank[] = [];
  for (const [i, variant] of variants.entries()) {
    if (isOwn(lab.bank, recipe, variant)) {
      banks.push(lab.bank);
      continue;
    }
    const folder = within(lab.out, `variants/${shorten(lab.bank.sha256)}-${nameOf(variant)}`);
    const job = { variant, recipe: adaptRecipe(recipe, variant), folder };
    if (!(await folder.list()).includes(FILE)) {
      training ??= openLabelled(lab);
      await trainVariant(lab, await training, { ...job, stage: `decision network ${i + 1} of ${variants.length}` });
    }
    banks.push(await replaceDecision(lab, job));
  }
  return banks;
}

const FILE = "decision.onnx";

interface LabelledRun {
  readonly run: TrainRun;
  readonly labels: readonly ChoiceLabel[];
}

interface VariantJob {
  readonly variant: Variant;
  readonly recipe: Recipe;
  readonly folder: Folder;
}

const isOwn = ({ candidates }: Bank, recipe: Recipe, variant: Variant): boolean =>
  variant.candidates.length === candidates.length &&
  (Object.keys(recipe.choice) as (keyof Recipe["choice"])[]).every(
    (key) => recipe.choice[key] === variant.choice[key],
  ) &&
  isSameArchitecture(decisionEntry(recipe), decisionEntry(adaptRecipe(recipe, variant)));

type Architecture = Pick<NonNullable<Recipe["decision"]>, "network" | "config">;
const architectureOf = (id: NonNullable<Variant["decision"]>): Architecture => {
  const { network, config }: { network: string; config: object } = architectures[id];
  return { network, config: config as Architecture["config"] };
};
const isSameArchitecture = (a: Architecture, b: Architecture): boolean => {
  const { defaults } = lookUp(networks, a.network, "network") as Network;
  const [one, other] = [a, b].map(({ config }) => JSON.stringify({ ...(defaults as object), ...config }));
  return a.network === b.network && one === other;
};

/** "M1-M3-alpha0.001-FS-ghostnet-0.5x": S and F where they pass through a softmax. */
const nameOf = ({ candidates, choice, decision }: Variant): string =>
  [
    ...candidates,
    `alpha${choice.alpha}`,
    `${choice.softmaxFlops ? "F" : ""}${choice.softmaxDice ? "S" : ""}`,
    ...(decision ? [decision] : []),
  ].join("-");

function adaptRecipe(recipe: Recipe, { candidates, choice, decision }: Variant): Recipe {
  const isKept = recipe.candidates.map(({ id }) => candidates.includes(id));
  const classWeights = recipe.decisionTraining.classWeights.filter((_, action) => action === 0 || isKept[action - 1]);
  return {
    ...recipe,
    candidates: recipe.candidates.filter((_, i) => isKept[i]),
    choice,
    ...(decision && { decision: { id: decisionEntry(recipe).id, ...architectureOf(decision) } }),
    decisionTraining: { ...recipe.decisionTraining, classWeights },
  };
}

/** The training of the lab's bank, with its cases and labels. Throws `UserError` where it is not at hand. */
export async function openLabelled({ bank, trainingRun, training }: Lab): Promise<LabelledRun> {
  if (!trainingRun)
    throw new UserError(
      `this needs the choice labels and times of the training of ${bank.folder.name}: give its folder with --run DIR`,
    );
  const run = await training();
  const labels = await readLabels(run);
  if (labels) return { run, labels };
  throw new UserError(
    `--run ${trainingRun.name} must be the training of ${bank.folder.name}, with its checkpoints/labels.json of the same recipe and cases`,
  );
}

async function trainVariant(
  { bank, context }: Lab,
  { run, labels }: LabelledRun,
  { variant, recipe, folder, stage }: VariantJob & { stage: string },
): Promise<void> {
  const own: TrainRun = {
    ...run,
    ...{ recipe, out: folder, log: await openLog(folder) },
    onProgress: (progress) => context.onProgress({ ...progress, stage }),
  };
  const { plan, state } = await trainDecision(own, relabel(bank, labels, variant));
  await folder.write(FILE, exportNetwork(decisionSpec(own), weightsOf(plan, state), { storage: "float32", version }));
}

/** Eq. 4 anew from the Dice of each candidate. */
export function relabel(
  { candidates }: Pick<Bank, "candidates">,
  labels: readonly ChoiceLabel[],
  variant: Variant,
): ChoiceLabel[] {
  const isKept = candidates.map(({ id }) => variant.candidates.includes(id));
  const gflops = candidates.filter((_, i) => isKept[i]).map(({ flops }) => flops.paper / 1e9);
  return labels.map((label) => {
    if (!label.dice) return label;
    const dice = label.dice.filter((_, i) => isKept[i]);
    return { ...label, dice, choice: bestChoice({ foreground: 1, dice, gflops }, variant.choice) };
  });
}

/** The lab's bank with the variant's candidates and decision network; the files lie in two folders. */
async function replaceDecision({ bank, dataset }: Lab, { variant, recipe, folder }: VariantJob): Promise<Bank> {
  const onnx = await folder.read(FILE);
  const { parameters, macs, paper } = measureNetwork(decisionSpec({ recipe, dataset }));
  const hash = await sha256(onnx);
  const { id, network, config } = decisionEntry(recipe);
  const decision: BankModel = {
    ...{ id, network, config, file: FILE, output: "logits" },
    ...{ parameters, flops: { macs, paper }, sha256: hash },
  };
  const read = (path: string) => (path === FILE ? Promise.resolve(onnx) : bank.folder.read(path));
  const { expectedDice: _, labelRatio: __, ...rest } = bank; // of the bank's own decision network
  return {
    ...rest,
    candidates: bank.candidates.filter(({ id }) => variant.candidates.includes(id)),
    decision,
    sha256: await sha256(new TextEncoder().encode(`${bank.sha256} ${hash} ${variant.candidates.join()}`)),
    folder: { ...bank.folder, read },
  };
}
