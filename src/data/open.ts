/** @file The data set of a folder by its id in the tables. */

import { lookUp } from "../error.ts";
import type { Folder, Gzip } from "../platform.ts";
import type { Dataset, DatasetFamily, Watch } from "./dataset.ts";
import { datasets, families } from "./index.ts";

/** Every id that `openDataset` knows. */
export const datasetIds: readonly string[] = [...Object.keys(datasets), ...Object.keys(families)];

const isFamily = (entry: Dataset | DatasetFamily): entry is DatasetFamily => "restore" in entry;

/** The table's entry. Throws `UserError` for an unknown id. */
export function findDataset(id: string): { dataset: Dataset } | { family: DatasetFamily } {
  const entry: Dataset | DatasetFamily = lookUp({ ...datasets, ...families }, id, "data set");
  return isFamily(entry) ? { family: entry } : { dataset: entry };
}

/**
 * A data set to train on. One of a family is read from its file and planned from its cases, which are all read for it.
 * Throws `UserError`.
 */
export async function openDataset(
  id: string,
  { folder, gzip, watch }: { folder: Folder; gzip: Gzip; watch?: Watch },
): Promise<Dataset> {
  const found = findDataset(id);
  return "dataset" in found ? found.dataset : found.family.open(folder, gzip, watch);
}

/**
 * What evaluation needs of a data set; one of a family is read from its file in the first of the folders that has it.
 * Throws `UserError`.
 */
export async function describeDataset(
  id: string,
  folders: readonly [Folder, ...Folder[]],
): Promise<Omit<Dataset, "frame" | "normalization">> {
  const found = findDataset(id);
  if ("dataset" in found) return found.dataset;
  const { family } = found;
  for (const folder of folders) if ((await folder.list()).includes(family.file)) return family.describe(folder);
  return family.describe(folders[0]);
}
