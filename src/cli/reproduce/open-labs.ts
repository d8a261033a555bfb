/** @file From options to labs: data, the bank that is given or trained, the cases to segment; one lab a fold. */

import { BANK_FILE, type Bank, readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { Split } from "../../data/folds.ts";
import { lookUp, UserError } from "../../error.ts";
import { openFolder } from "../../node/folder.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder, Runtime } from "../../platform.ts";
import { recipes } from "../../recipes/index.ts";
import type { Scale } from "../../recipes/systems.ts";
import { chooseSplit, type Fold, type OpenOptions, openRun, within } from "../../train/open.ts";
import { openRecipe } from "../../train/open-recipe.ts";
import { fitToMinutes } from "../../train/plan-time.ts";
import type { Recipe } from "../../train/recipe.ts";
import type { TrainRun } from "../../train/run.ts";
import { train } from "../../train/train.ts";
import type { Context } from "../command.ts";
import { readSplitOption } from "../option.ts";
import { findInputCases, type InputCase } from "../segment/find-input-cases.ts";
import { drawAhead } from "../train/draw-ahead.ts";
import { version } from "../version.ts";
import type { Lab } from "./lab.ts";
import { type DataKind, makeTinyScale } from "./tiny.ts";
import { openTrainingCases } from "./trainings.ts";

type Given = "bank" | "data" | "split" | "run" | "recipe";
interface LabOptions extends Readonly<Partial<Record<Given, string | undefined>>> {
  readonly out: string;
  readonly scale: Scale | undefined;
  readonly folds: number | undefined;
  readonly maxMinutes: number | undefined;
  readonly systems: readonly string[] | undefined;
}

interface Surroundings {
  readonly runtime: Runtime;
  readonly context: Context;
}

/** By which recipe a bank is trained where none is given. */
const DEFAULT_RECIPE = { cpu: "brats", paper: "brats-paper" } as const;

/** Labs of a kind of data, opened once. Which kind matters only where the data is made here. */
export function openLabs(options: LabOptions, surroundings: Surroundings): (kind: DataKind) => Promise<readonly Lab[]> {
  checkOptions(options);
  const opened = new Map<DataKind, Promise<readonly Lab[]>>();
  return (asked) => {
    const kind = options.scale === "tiny" ? asked : "mri";
    if (!opened.has(kind)) opened.set(kind, openFolds(options, kind, surroundings));
    return opened.get(kind)!;
  };
}

/** Throws `UserError` for options that do not go together. */
function checkOptions({ scale, folds, bank, data, split, run, recipe }: LabOptions): void {
  if (scale === "tiny" && (bank ?? data ?? split ?? run ?? recipe) !== undefined)
    throw new UserError(
      `--scale ${scale} makes bank, cases and split itself: leave out --bank, --data, --split, --run and --recipe`,
    );
  if (scale !== "tiny" && (data === undefined || (bank ?? scale) === undefined))
    throw new UserError(
      "an experiment needs --bank DIR and --data DIR, or --scale tiny, which makes both; with --scale cpu or paper and without --bank it trains one",
    );
  if (bank !== undefined && (folds ?? recipe) !== undefined)
    throw new UserError("--folds and --recipe train banks: leave out --bank, or leave them out");
}

/** One lab, or one a fold. */
async function openFolds(options: LabOptions, kind: DataKind, surroundings: Surroundings): Promise<Lab[]> {
  const source = await findSource(options, kind, surroundings);
  const count = options.folds;
  if (count === undefined) return [await openLab(options, { ...source, fold: undefined }, surroundings)];
  const labs: Lab[] = [];
  for (let number = 1; number <= count; number++)
    labs.push(await openLab(options, { ...source, fold: { number, count } }, surroundings));
  return labs;
}

/** What a lab is made from: a bank, or a recipe to train one by. */
interface Source extends Pick<OpenOptions, "data" | "split"> {
  readonly dataset: Dataset;
  readonly bank?: Bank;
  readonly recipe?: Recipe;
  /** Of the training, within the folder of results. */
  readonly runName: string;
}

async function findSource(options: LabOptions, kind: DataKind, { context }: Surroundings): Promise<Source> {
  const { scale, bank: path } = options;
  const split = await readSplitOption(options.split);
  const at =
    scale === "tiny" ? await makeTinyScale(openFolder(options.out), kind) : { data: openFolder(options.data!) };
  if (path !== undefined) {
    const bank = await readBank(openFolder(path));
    return { ...at, split, dataset: datasetOf(bank), bank, runName: "run" };
  }
  const name = options.recipe ?? DEFAULT_RECIPE[scale as keyof typeof DEFAULT_RECIPE];
  const entry = "recipe" in at ? at.recipe : lookUp(recipes, name, "recipe");
  const { onProgress, signal } = context;
  const opened = await openRecipe(entry, [], { folder: at.data, gzip: nodeGzip, watch: { onProgress, signal } });
  return { runName: `run-${name}`, ...at, split, ...opened };
}

async function openLab(
  options: LabOptions,
  source: Source & { fold: Fold | undefined },
  { runtime, context }: Surroundings,
): Promise<Lab> {
  const { data, dataset, fold } = source;
  const root = openFolder(options.out);
  const out = fold ? within(root, `fold-${fold.number}-of-${fold.count}`) : root;
  const { seed } = (source.bank ?? source.recipe)!;
  const { cases, training } = await chooseCases({ ...source, recipe: { seed } });
  const trainedIn = options.run === undefined ? undefined : openFolder(options.run);
  const trainingRun = source.bank ? trainedIn : within(out, source.runName);
  const bank = source.bank ?? (await trainBank(source, { ...options, out: trainingRun!, runtime, context }));
  if (!source.bank && String(bank.trainingCases) !== String(training))
    throw new UserError(`${trainingRun!.name} holds a bank of other training cases: choose another --out`);
  warnOfLearned(bank, cases, context);
  const { scale = "cpu", maxMinutes, systems } = options;
  const lab = { bank, dataset, cases, data, out, trainingRun, runtime, context, scale, maxMinutes, systems };
  let opened: Promise<TrainRun> | undefined;
  return { ...lab, training: () => (opened ??= openTrainingCases(lab)) };
}

async function trainBank(
  { recipe, dataset, data, split, fold }: Source & { fold: Fold | undefined },
  { out, runtime, context, maxMinutes }: Surroundings & { out: Folder; maxMinutes: number | undefined },
): Promise<Bank> {
  const bankFolder = within(out, "bank");
  if (!(await bankFolder.list()).includes(BANK_FILE)) {
    const name = fold ? `fold ${fold.number} of ${fold.count}: ` : "";
    const onProgress: Context["onProgress"] = (progress) =>
      context.onProgress({ ...progress, stage: `${name}${progress.stage}` });
    const { signal } = context;
    const common = { recipe: recipe!, dataset, data, split, fold, out, gzip: nodeGzip, runtime, drawer: drawAhead };
    const run = await openRun({ ...common, resume: true, onProgress, signal });
    await train(await fitToMinutes(run, maxMinutes), { bankFolder, version });
  }
  return readBank(bankFolder);
}

/** The validation cases of the split, with truth. Throws `UserError` when there are none, or one has no truth. */
async function chooseCases(
  source: Omit<Source, "recipe"> & { fold: Fold | undefined; recipe: Pick<Recipe, "seed"> },
): Promise<{ cases: InputCase[]; training: Split["train"] }> {
  const { data, dataset } = source;
  const { cases, problems } = await findInputCases([data.name], dataset);
  if (problems.length > 0) throw new UserError(problems.join("; "));
  const files = cases.map((one) => one.files);
  const { train: training, validation } = await chooseSplit(source, dataset, files);
  if (validation.length === 0)
    throw new UserError(
      `${data.name}: needs validation cases, the split has none; give {"train": [ids], "validation": [ids]} with --split`,
    );
  const chosen = validation.map((id) => cases.find((one) => one.files.id === id)!);
  const blind = chosen.find((one) => one.files.truth === undefined);
  if (blind)
    throw new UserError(`case "${blind.files.id}" must have a truth to be measured; leave it out with --split`);
  return { cases: chosen, training };
}

function warnOfLearned({ trainingCases }: Bank, cases: readonly InputCase[], { complain }: Context): void {
  const learned = cases.map(({ files }) => files.id).filter((id) => trainingCases.includes(id));
  if (learned.length > 0) complain(`the bank was trained on ${learned.join(", ")}: figures of these flatter it`);
}
