/** @file From folders to a training run: cases found, split, prepared and checked. */

import type { Bank } from "../danet/bank.ts";
import { loadCompactCase } from "../data/cache.ts";
import type { CompactCase } from "../data/compact.ts";
import type { CaseFiles, Dataset } from "../data/dataset.ts";
import { makeFolds, readSplit, type Split } from "../data/folds.ts";
import { findCases } from "../data/load.ts";
import { openDataset } from "../data/open.ts";
import { UserError } from "../error.ts";
import { measureNetwork } from "../nets/network.ts";
import type { Folder, Gzip, Progress, Runtime } from "../platform.ts";
import { type BatchDrawer, drawInTime } from "./drawing.ts";
import { type LogEntry, openLog } from "./log.ts";
import type { Recipe } from "./recipe.ts";
import { candidateSpecs, type TrainRun } from "./run.ts";

export interface OpenOptions {
  readonly recipe: Recipe;
  /** Default: the recipe's, opened; `openRecipe` gives both. */
  readonly dataset?: Dataset;
  /** A bank whose candidates the recipe has (`recipeOver`): only a decision network is to be trained. */
  readonly given?: Bank | undefined;
  readonly data: Folder;
  /** A split file's bytes and name; default: `split.json` of the data folder, else the first of five seeded folds. */
  readonly split?: { readonly bytes: Uint8Array; readonly name: string } | undefined;
  /** Cross-validation: fold `number`, from 1 on, of `count`, over the split's training cases, else over all cases. */
  readonly fold?: Fold | undefined;
  readonly out: Folder;
  readonly gzip: Gzip;
  readonly runtime: Runtime;
  /** Default: `drawInTime`. */
  readonly drawer?: BatchDrawer;
  /** Go on from the checkpoints in `out`; without it, `out` must hold none. */
  readonly resume: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly onEntry?: (entry: LogEntry) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface Fold {
  readonly number: number;
  readonly count: number;
}

const SPLIT = "split.json";
const FOLDS = 5;
/** Prepared cases are kept here, so that the next start takes seconds. */
const CACHE = "prepared";

/** Throws `UserError` when a case cannot be used, and when `out` holds a training that nobody asked to resume. */
export async function openRun(options: OpenOptions): Promise<TrainRun> {
  const { recipe, data, out, gzip, runtime, drawer = drawInTime, onProgress, signal } = options;
  const present = await out.list();
  if (!options.resume && present.some((path) => path.startsWith("checkpoints/"))) {
    throw new UserError(`${out.name} already holds a training: add --resume to go on with it, or give another --out`);
  }
  const watch = { onProgress, signal };
  const dataset = options.dataset ?? (await openDataset(recipe.dataset, { folder: data, gzip, watch }));
  if (!options.given) requireRisingCost(recipe, dataset);
  const files = await findCases(dataset, data);
  const split = await chooseSplit(options, dataset, files);
  const total = split.train.length + split.validation.length;
  const cases: CompactCase[] = [];
  for (const id of [...split.train, ...split.validation]) {
    onProgress?.({ stage: "cases", done: cases.length, total });
    signal?.throwIfAborted();
    const found = files.find((file) => file.id === id)!;
    if (found.truth === undefined)
      throw new UserError(`case "${id}" has no truth to learn from; leave it out with --split`);
    cases.push(drawer.share(await loadCompactCase(found, data, { dataset, gzip, cache: within(out, CACHE) })));
  }
  onProgress?.({ stage: "cases", done: total, total });
  const training = cases.slice(0, split.train.length);
  const log = await openLog(out, options.onEntry);
  const validation = cases.slice(split.train.length);
  const { given } = options;
  return { recipe, dataset, training, validation, given, runtime, drawer, out, log, onProgress, signal };
}

/** A bank lists its candidates so; better told now than after the training. */
function requireRisingCost(recipe: Recipe, dataset: Dataset): void {
  const costs = Object.entries(candidateSpecs({ recipe, dataset })).map(
    ([id, spec]) => [id, measureNetwork(spec).paper] as const,
  );
  costs.forEach(([id, cost], i) => {
    const [before, lower] = costs[i - 1] ?? [id, cost];
    if (cost < lower)
      throw new UserError(
        `recipe: candidates must be in rising cost, ${id} costs ${cost} operations and ${before} before it ${lower}; exchange them`,
      );
  });
}

/**
 * Which of the found cases train and which validate. The folds of one seed are the same in every run, so the runs of
 * all `count` folds validate each case once. Throws `UserError` for a bad split file and more folds than cases.
 */
export async function chooseSplit(
  { data, split, fold, recipe }: Pick<OpenOptions, "data" | "split" | "fold"> & { recipe: Pick<Recipe, "seed"> },
  dataset: Pick<Dataset, "stratum">,
  files: readonly CaseFiles[],
): Promise<Split> {
  const ids = files.map(({ id }) => id);
  const listed = split ?? (await readPresentSplit(data));
  const given = listed && readSplit(listed.bytes, ids, listed.name);
  if (given && !fold) return given;
  if (!fold && ids.length < FOLDS) return { train: ids, validation: [] };
  const { number, count } = fold ?? { number: 1, count: FOLDS };
  return makeFolds(given?.train ?? ids, { count, seed: recipe.seed, stratum: dataset.stratum })[number - 1]!;
}

async function readPresentSplit(data: Folder): Promise<OpenOptions["split"]> {
  if (!(await data.list()).includes(SPLIT)) return undefined;
  return { bytes: await data.read(SPLIT), name: `${data.name}/${SPLIT}` };
}

/** A folder inside a folder. */
export function within(folder: Folder, name: string): Folder {
  const prefix = `${name}/`;
  return {
    name: `${folder.name}/${name}`,
    list: async () =>
      (await folder.list()).flatMap((path) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : [])),
    read: (path) => folder.read(prefix + path),
    write: (path, bytes) => folder.write(prefix + path, bytes),
  };
}
