/** @file What experiments work with: a bank, cases with truth, and results that are kept, so that tables share them and a killed run goes on. */

import type { Bank } from "../../danet/bank.ts";
import type { Dataset } from "../../data/dataset.ts";
import { loadCase, type RawCase } from "../../data/load.ts";
import { openNetworks } from "../../infer/networks.ts";
import { DYNAMIC } from "../../infer/plan.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder, Runtime } from "../../platform.ts";
import type { Scale } from "../../recipes/systems.ts";
import type { CaseReport } from "../../report/case-report.ts";
import { within } from "../../train/open.ts";
import type { TrainRun } from "../../train/run.ts";
import type { LabelMap } from "../../volume/grid.ts";
import { readNiftiLabels } from "../../volume/nifti.ts";
import type { Context } from "../command.ts";
import { type InputCase, resultName } from "../segment/find-input-cases.ts";
import { segmentFiles } from "../segment/segment-files.ts";

export interface Lab {
  readonly bank: Bank;
  readonly dataset: Dataset;
  /** With truth, at least one. */
  readonly cases: readonly InputCase[];
  /** Of the cases and of the bank's training cases. */
  readonly data: Folder;
  /** Results, and what they are made from. */
  readonly out: Folder;
  /** Of the training that made the bank, where it is at hand. */
  readonly trainingRun: Folder | undefined;
  /** The bank's training cases, ready to learn from, by its own recipe; read once. */
  training(): Promise<TrainRun>;
  /** Of other trainings: what the machine allows, and the time for each. */
  readonly scale: Scale;
  readonly maxMinutes: number | undefined;
  /** Ids of the compared systems that are trained; default: all that a table has. */
  readonly systems: readonly string[] | undefined;
  readonly runtime: Runtime;
  readonly context: Pick<Context, "onProgress" | "signal">;
}

/** All cases of the lab by one bank and policy. */
export interface Job {
  readonly bank: Bank;
  /** `DYNAMIC`, or a candidate for every window. */
  readonly policy: string;
}

/** For the first digits of a hash in a file name. */
export const shorten = (sha256: string): string => sha256.slice(0, 12);

/** Where a job keeps what `segment` writes of its cases. */
export const resultFolder = ({ out }: Pick<Lab, "out">, { bank, policy }: Job): Folder =>
  within(out, `cases/${shorten(bank.sha256)}-${policy}`);

/** The label map that a job keeps of a case. */
export async function readResult(lab: Pick<Lab, "out">, job: Job, id: string): Promise<LabelMap> {
  const name = resultName(id);
  return readNiftiLabels(await resultFolder(lab, job).read(name), nodeGzip, name);
}

/** A case as its files hold it, with its truth. */
export const loadLabCase = ({ dataset }: Pick<Lab, "dataset">, { files, folder }: InputCase): Promise<RawCase> =>
  loadCase(files, folder, { dataset, gzip: nodeGzip, truth: true });

/** The reports of every job's cases, read where they are kept. */
export async function segmentJobs(lab: Lab, jobs: readonly Job[]): Promise<CaseReport[][]> {
  const costs = jobs.map(estimateCost);
  const work = costs.reduce((a, b) => a + b, 0) * lab.cases.length;
  const total = jobs.length * lab.cases.length;
  const found: CaseReport[][] = [];
  for (const [j, job] of jobs.entries()) {
    const before = lab.cases.length * costs.slice(0, j).reduce((a, b) => a + b, 0);
    found.push(
      await segmentJob(lab, job, (casesDone) => {
        const done = j * lab.cases.length + Math.floor(casesDone);
        lab.context.onProgress({ stage: "cases", done, total, share: (before + casesDone * costs[j]!) / work });
      }),
    );
  }
  return found;
}

/** Of a voxel, as so many inputs hold it; a dynamic run takes about a tenth of the largest candidate's time. */
function estimateCost({ bank: { candidates, stride }, policy }: Job): number {
  const forced = candidates.find(({ id }) => id === policy);
  const { flops, depth } = forced ?? candidates.at(-1)!;
  return (flops.macs + 1) / stride ** (depth === undefined ? 2 : 3) / (forced ? 1 : 10);
}

async function segmentJob(lab: Lab, job: Job, onCases: (done: number) => void): Promise<CaseReport[]> {
  const { dataset, cases, runtime, context } = lab;
  const { bank, policy } = job;
  const { setting } = bank;
  const folder = resultFolder(lab, job);
  const networks = openNetworks(bank, runtime);
  const reports: CaseReport[] = [];
  try {
    for (const one of cases) {
      const { id } = one.files;
      const present = await folder.list();
      if (present.includes(resultName(id))) {
        reports.push(JSON.parse(new TextDecoder().decode(await folder.read(`${id}.json`))) as CaseReport);
        onCases(reports.length);
        continue;
      }
      const onProgress = (progress: { done: number; total: number }) =>
        onCases(reports.length + progress.done / progress.total);
      const options = { bank, dataset, networks, out: folder, policy, setting, flips: false };
      reports.push(await segmentFiles(one, options, { ...context, onProgress }));
    }
  } finally {
    await networks.release();
  }
  return reports;
}

export const dynamicJob = (bank: Bank): Job => ({ bank, policy: DYNAMIC });
