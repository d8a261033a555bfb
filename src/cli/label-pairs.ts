/** @file Predictions and truths of the same cases, wherever they lie: for the commands that compare them. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readBank } from "../danet/bank.ts";
import { datasetOf } from "../data/bank-dataset.ts";
import type { CaseFiles, Dataset } from "../data/dataset.ts";
import { findLabels } from "../data/load.ts";
import { datasetIds, describeDataset } from "../data/open.ts";
import { UserError } from "../error.ts";
import { openFolder } from "../node/folder.ts";
import { nodeGzip } from "../node/gzip.ts";
import type { LabelMap } from "../volume/grid.ts";
import { readNiftiLabels } from "../volume/nifti.ts";
import { relabel, relabelTable } from "../volume/relabel.ts";
import type { InputCase } from "./segment/find-input-cases.ts";

export const pairOptions = {
  truth: {
    flags: "--truth <dir>",
    help: "folder of cases, of <case>_seg.nii.gz or of <case>.nii.gz files",
    value: z.string(),
  },
  pred: { flags: "--pred <dir>", help: "folder of <case>_seg.nii.gz or <case>.nii.gz files", value: z.string() },
  dataset: {
    flags: "--dataset <id>",
    help: `labels and regions: ${datasetIds.join(", ")} (default: brats); decathlon reads dataset.json in or above --truth`,
    value: z.string().default("brats"),
  },
  bank: { flags: "--bank <dir>", help: "labels and regions of this bank instead", value: z.string().optional() },
} as const;

/** What pairing and measuring need of a data set. */
export type Description = Pick<Dataset, "id" | "labels" | "otherLabels" | "regions" | "recognise" | "globalDice">;

/** Of `pairOptions`. Throws `UserError` for an unknown data set and a bank that cannot be read. */
export async function openDescription(options: {
  truth: string;
  dataset: string;
  bank?: string | undefined;
}): Promise<Description> {
  if (options.bank !== undefined) return datasetOf(await readBank(openFolder(options.bank)));
  return describeDataset(options.dataset, [openFolder(options.truth), openFolder(dirname(resolve(options.truth)))]);
}

/** A prediction and the truth of its case. */
export interface LabelPair {
  readonly id: string;
  readonly truth: InputCase;
  readonly prediction: InputCase;
}

/** Every prediction with its truth. Throws `UserError` for a prediction without one; truths without prediction are left out. */
export async function pairFiles(truthPath: string, predictionPath: string, dataset: Description): Promise<LabelPair[]> {
  const [truths, predictions] = await Promise.all(
    [truthPath, predictionPath].map((path) => findLabelMaps(path, dataset)),
  );
  return [...predictions].map(([id, prediction]) => {
    const truth = truths.get(id);
    if (truth) return { id, truth, prediction };
    throw new UserError(`case "${id}" of ${predictionPath} needs a truth ${id}_seg.nii.gz in ${truthPath}, found none`);
  });
}

async function findLabelMaps(path: string, dataset: Description): Promise<Map<string, InputCase>> {
  const folder = openFolder(path);
  const paths = await folder.list();
  const named = dataset.recognise(paths).filter(({ truth }) => truth !== undefined);
  const alone = (path: string) => (named.length > 0 ? dataset.recognise([path]) : takePlain(path, dataset));
  const cases = named.length > 0 ? named : paths.flatMap(alone);
  if (cases.length === 0) throw new UserError(`${path}: must hold label maps such as CASE_seg.nii.gz, found none`);
  requireOneEach(path, paths, alone);
  return new Map(cases.map((files) => [files.id, { files, folder }]));
}

/** CASE.nii.gz as a label map: in a folder where no name says what a file is. */
function takePlain(path: string, { labels }: Description): CaseFiles[] {
  const id = /(?:^|\/)([^/.][^/]*?)\.nii(?:\.gz)?$/i.exec(path)?.[1];
  return id === undefined ? [] : [{ id, channels: {}, truth: path, labels }];
}

/** Throws `UserError` when two label maps are of one case: which of them is meant cannot be known. */
function requireOneEach(folder: string, paths: readonly string[], recogniseAlone: (path: string) => CaseFiles[]) {
  const owner = new Map<string, string>();
  for (const path of paths) {
    const [alone] = recogniseAlone(path);
    if (alone?.truth === undefined) continue;
    const earlier = owner.get(alone.id);
    if (earlier)
      throw new UserError(`${folder}: case "${alone.id}" must have one label map, found ${earlier} and ${path}`);
    owner.set(alone.id, path);
  }
}

/** Both label maps in the data set's own label convention. Throws `UserError` for a file that cannot be read. */
export const readPair = async ({ truth, prediction }: LabelPair, dataset: Description) => ({
  truth: await readLabels(truth, dataset),
  prediction: await readLabels(prediction, dataset),
});

/** A label map in the data set's own label convention, whichever of its conventions the file uses. */
async function readLabels({ files, folder }: InputCase, dataset: Description): Promise<LabelMap> {
  const path = files.truth!;
  const name = `${folder.name}/${path}`;
  const map = await readNiftiLabels(await folder.read(path), nodeGzip, name);
  const labels = findLabels(map, name, { files, dataset });
  return { ...map, data: relabel(map.data, relabelTable(labels, dataset.labels)) };
}
