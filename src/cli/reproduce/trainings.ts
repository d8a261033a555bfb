/**
 * @file Banks that experiments train beside the one at hand: on its training cases, by its protocol. Each is kept in the
 * lab's `out`; a training that was stopped goes on.
 */

import { BANK_FILE, type Bank, readBank } from "../../danet/bank.ts";
import { measureNetwork } from "../../nets/network.ts";
import { nodeGzip } from "../../node/gzip.ts";
import { sha256 } from "../../sha256.ts";
import { type Log, openLog } from "../../train/log.ts";
import { openRun, within } from "../../train/open.ts";
import { fitToMinutes } from "../../train/plan-time.ts";
import type { Recipe } from "../../train/recipe.ts";
import { recipeOf } from "../../train/recipe-over.ts";
import { candidateSpecs, type TrainRun } from "../../train/run.ts";
import { train } from "../../train/train.ts";
import { drawAhead } from "../train/draw-ahead.ts";
import { version } from "../version.ts";
import { type Lab, shorten } from "./lab.ts";

/** The training of the lab's bank, or one that could have made it, with its cases; `out` of it keeps them prepared. */
export async function openTrainingCases(lab: Omit<Lab, "training">): Promise<TrainRun> {
  const { bank, dataset, data, runtime, context } = lab;
  const ids = new TextEncoder().encode(JSON.stringify({ train: bank.trainingCases, validation: [] }));
  const split = { bytes: ids, name: `the training cases of ${bank.folder.name}` };
  const out = lab.trainingRun ?? within(lab.out, "training");
  const common = { recipe: recipeOf(bank), dataset, data, split, out, runtime, drawer: drawAhead, ...context };
  return openRun({ ...common, gzip: nodeGzip, resume: true });
}

interface Training {
  /** For progress. */
  readonly name: string;
  readonly recipe: Recipe;
  /** In front of a name that says the rest. */
  readonly folder: string;
}

export interface TrainedBank {
  readonly bank: Bank;
  readonly log: Log;
}

/** In order. With the lab's `maxMinutes` each gets as many epochs as fit into that time. */
export async function trainBanks(lab: Lab, trainings: readonly Training[]): Promise<TrainedBank[]> {
  const work = trainings.map(({ recipe }) => (lab.maxMinutes === undefined ? countWork(recipe, lab) : 1));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const found: TrainedBank[] = [];
  for (const [i, training] of trainings.entries()) {
    const [stage, done, total] = [`training ${training.name}`, i, trainings.length];
    found.push(
      await trainOne(lab, training, (part) => {
        const share = (sum(work.slice(0, i)) + part * work[i]!) / sum(work);
        lab.context.onProgress({ stage, done, total, share });
      }),
    );
  }
  return found;
}

/** Multiply-adds of all crops. */
function countWork(recipe: Recipe, { dataset }: Lab): number {
  const { epochs, stepsPerEpoch, batch } = recipe.bank;
  const macs = Object.values(candidateSpecs({ recipe, dataset })).map((spec) => measureNetwork(spec).macs);
  return macs.reduce((a, b) => a + b, 0) * epochs * stepsPerEpoch * batch;
}

async function trainOne(lab: Lab, { recipe, folder: name }: Training, onShare: (part: number) => void) {
  const { bank, maxMinutes } = lab;
  const identity = JSON.stringify([recipe, bank.trainingCases, maxMinutes]);
  const folder = within(lab.out, `${name}-${shorten(await sha256(new TextEncoder().encode(identity)))}`);
  const bankFolder = within(folder, "bank");
  const log = await openLog(folder);
  if (!(await bankFolder.list()).includes(BANK_FILE)) {
    onShare(0);
    const onProgress: TrainRun["onProgress"] = ({ done, total, share = done / total }) => onShare(share);
    const run = { ...(await lab.training()), recipe, validation: [], out: folder, log, onProgress };
    await train(await fitToMinutes(run, maxMinutes), { bankFolder, version });
  }
  return { bank: await readBank(bankFolder), log };
}

/** Of joint or single training of candidates, wall time. */
export const bankSeconds = (log: Log): number =>
  log.entries().reduce((sum, { phase, seconds = 0 }) => sum + (phase === "bank" ? seconds : 0), 0);
