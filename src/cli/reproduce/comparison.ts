/** @file Figures 3 and 7: slices of cases in truth, dynamic bank and compared systems or single candidates, with the Dice of each. */

import { deflateSync } from "node:zlib";
import { sliceDice } from "../../danet/choice.ts";
import { prepareCase } from "../../data/prepare.ts";
import { DYNAMIC } from "../../infer/plan.ts";
import { chooseSlices } from "../../report/choose-slices.ts";
import { drawComparison } from "../../report/comparison-picture.ts";
import type { Picture } from "../../report/html.ts";
import { regionClasses } from "../../train/run.ts";
import type { InputCase } from "../segment/find-input-cases.ts";
import { embedPng, type Findings } from "./experiment.ts";
import { dynamicJob, type Job, type Lab, loadLabCase, readResult, segmentJobs } from "./lab.ts";
import { listCases } from "./row.ts";
import { trainSystems } from "./systems.ts";

/** Slices of a case that are shown. */
const SLICES = 4;

interface Compared {
  readonly case: string;
  readonly slices: readonly number[];
  /** Column -> mean Dice over the regions on each of the slices. */
  readonly dice: Readonly<Record<string, readonly number[]>>;
}

/** Of some of the lab's cases. */
export async function compareVisually(lab: Lab, cases: readonly InputCase[]): Promise<Findings> {
  const few = { ...lab, cases };
  const columns = [{ name: DYNAMIC, job: dynamicJob(lab.bank) }, ...(await chooseRivals(lab))];
  const jobs = columns.map(({ job }) => job);
  const reports = await segmentJobs(few, jobs);
  const drawn: { picture: Picture; compared: Compared }[] = [];
  for (const [i, one] of cases.entries()) {
    lab.context.onProgress({ stage: "pictures", done: i, total: cases.length });
    drawn.push(await compareCase(few, columns, one));
  }
  const text =
    `Up to ${SLICES} slices a case, evenly through the tumour; under each the mean Dice over the regions on that slice, where a ` +
    "region that is empty in truth and result counts 1. The paper's figures show other systems beside Ours: so it is here with " +
    "--systems; without it each candidate stands alone.";
  const methods = columns.map(({ name }, i) => ({ method: name, cases: reports[i]! }));
  const section = { title: "Truth and results", text, pictures: drawn.map(({ picture }) => picture) };
  const data = { compared: drawn.map(({ compared }) => compared) };
  return { sections: [section, listCases(methods)], data };
}

interface Column {
  readonly name: string;
  readonly job: Job;
}

/** The systems that the lab names, as they have to be trained first, else the bank's own candidates. */
async function chooseRivals(lab: Lab): Promise<Column[]> {
  const { bank } = lab;
  if (lab.systems === undefined) return bank.candidates.map(({ id }) => ({ name: id, job: { bank, policy: id } }));
  const { names, jobs } = await trainSystems(lab);
  return names.map((name, i) => ({ name, job: jobs[i]! }));
}

/** In the bank's frame. */
async function compareCase(lab: Lab, columns: readonly Column[], one: InputCase) {
  const { bank, dataset } = lab;
  const { id } = one.files;
  const raw = await loadLabCase(lab, one);
  const { grid, channels, truth } = prepareCase(raw, dataset);
  const area = grid.size[0] * grid.size[1];
  const toFrame = async (job: Job) => {
    const { data } = await readResult(lab, job, id);
    return prepareCase({ ...raw, channels: [], truth: data }, dataset).truth!;
  };
  const results: Uint8Array[] = [];
  for (const { job } of columns) results.push(await toFrame(job));
  const image = { grid, data: channels[0]! };
  const labelled = { prediction: { grid, data: results[0]! }, truth: { grid, data: truth! } };
  const slices = chooseSlices({ image, background: 0, ...labelled, count: SLICES });
  const regions = Object.values(regionClasses(dataset));
  const sliceOf = (data: Uint8Array, z: number) => data.subarray(z * area, (z + 1) * area);
  const dice = results.map((data) => slices.map((z) => sliceDice(sliceOf(data, z), sliceOf(truth!, z), regions)));
  const png = drawComparison({
    ...{ id, image, background: 0, channel: bank.channels[0]!, slices },
    columns: [
      { name: "truth", labels: labelled.truth, notes: slices.map(() => "") },
      ...columns.map(({ name }, i) => ({
        ...{ name, labels: { grid, data: results[i]! } },
        notes: dice[i]!.map((value) => `Dice ${value.toFixed(3)}`),
      })),
    ],
    labelNames: Object.fromEntries([...dataset.labelNames.entries()].slice(1)),
    deflate: (bytes) => deflateSync(bytes),
  });
  const byName = Object.fromEntries(columns.map(({ name }, i) => [name, dice[i]!]));
  return { picture: embedPng(id, png), compared: { case: id, slices, dice: byName } };
}
