/** @file Prepared cases kept in a folder, so that a second training starts in seconds. */

import type { Folder, Gzip } from "../platform.ts";
import { sha256 } from "../sha256.ts";
import { type CompactCase, compactCase, decodePrepared, encodePrepared } from "./compact.ts";
import type { CaseFiles, Dataset } from "./dataset.ts";
import { loadCase } from "./load.ts";
import { prepareCase } from "./prepare.ts";

/** To be raised with every change of what `prepareCase` gives for the same files. */
const preparation = 1;

/**
 * A case with its truth, prepared and compact. With `cache`, it is read from there when it was prepared from the same
 * bytes for the same data set, and else written there; old entries stay until the folder is deleted. Throws
 * `UserError` as `loadCase` does.
 */
export async function loadCompactCase(
  files: CaseFiles,
  folder: Folder,
  { dataset, gzip, cache }: { dataset: Dataset; gzip: Gzip; cache?: Folder },
): Promise<CompactCase> {
  const prepare = async () =>
    compactCase(prepareCase(await loadCase(files, folder, { dataset, gzip, truth: true }), dataset));
  if (cache === undefined || files.problem !== undefined) return prepare();
  const name = `${files.id}.${await fingerprint(files, folder, dataset)}.prepared`;
  if ((await cache.list()).includes(name)) return decodePrepared(await cache.read(name), `${cache.name}/${name}`);
  const compact = await prepare();
  await cache.write(name, encodePrepared(compact));
  return compact;
}

/**
 * 16 hexadecimal digits of the sha256 of all that decides the result: the files' bytes and the data set's preparation.
 */
async function fingerprint(files: CaseFiles, folder: Folder, { channels, frame, normalization, labels }: Dataset) {
  const images = new Set(channels.map((channel) => files.channels[channel]));
  const paths = [...images, ...(files.truth ? [files.truth] : [])];
  const digests = await Promise.all(paths.map(async (path) => sha256(await folder.read(path))));
  const recipe = { preparation, channels, frame, normalization, labels, sourceLabels: files.labels, digests };
  return (await sha256(new TextEncoder().encode(JSON.stringify(recipe)))).slice(0, 16);
}
