/** @file What a job works with: its files as a case under the names that its client gave, a folder for its results, the bank. */

import type { Bank } from "../danet/bank.ts";
import type { Dataset } from "../data/dataset.ts";
import { openFolder } from "../node/folder.ts";
import type { Folder } from "../platform.ts";
import { type Job, results } from "./job.ts";

/** `folder` is that of the job. Names are looked up in lists, never made part of a path. */
export function openJobCase(folder: string, { names }: Job, dataset: Dataset) {
  const disk = openFolder(folder);
  const [files] = dataset.recognise(names);
  const input: Folder = {
    name: "the upload",
    list: async () => [...names],
    read: (name) => disk.read(`files/${names.indexOf(name)}`),
    write: (name) => Promise.reject(new Error(`${name}: an upload is only read`)),
  };
  const out: Folder = {
    ...input,
    name: "the results",
    write: (name, bytes) => disk.write(resultFile(name), bytes),
  };
  return { files, input, out };
}

function resultFile(name: string): string {
  const result = Object.values(results).find(({ ending }) => name.endsWith(ending));
  if (!result) throw new Error(`a job has no result such as ${name}`);
  return result.file;
}

/** Messages about the bank reach clients, whom the server's folders do not concern. */
export const hidePath = (bank: Bank): Bank => ({ ...bank, folder: { ...bank.folder, name: "the bank" } });
