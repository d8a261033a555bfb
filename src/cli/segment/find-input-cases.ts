/** @file The cases that the arguments of `segment` name, and where their results would go. */

import { dirname, join, resolve } from "node:path";
import type { CaseFiles, Dataset } from "../../data/dataset.ts";
import { findCases } from "../../data/load.ts";
import { UserError } from "../../error.ts";
import { openFolder } from "../../node/folder.ts";
import type { Folder } from "../../platform.ts";

/** A case and the folder that its paths are relative to. */
export interface InputCase {
  readonly files: CaseFiles;
  readonly folder: Folder;
}

export interface InputCases {
  readonly cases: readonly InputCase[];
  /** One line for each input that holds no case, and each id that two inputs have. */
  readonly problems: readonly string[];
}

/** Every case below the `inputs`: case folders, or folders of case folders. */
export async function findInputCases(inputs: readonly string[], dataset: Dataset): Promise<InputCases> {
  const cases: InputCase[] = [];
  const problems: string[] = [];
  for (const input of inputs) {
    const folder = openFolder(input);
    try {
      for (const files of await findCases(dataset, folder)) {
        const earlier = cases.find((one) => one.files.id === files.id);
        if (earlier) problems.push(`case "${files.id}": is in ${earlier.folder.name} and in ${input}; give it once`);
        else cases.push({ files, folder });
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
  }
  return { cases, problems };
}

export const resultName = (id: string): string => `${id}_seg.nii.gz`;
export const probabilitiesName = (id: string): string => `${id}_prob.nii.gz`;

/**
 * Throws `UserError` when a result is there already and `force` is not set, and always when `out` holds files of a case:
 * the result would be named as its truth.
 */
export async function protectFiles(cases: readonly InputCase[], { out, force }: { out: string; force: boolean }) {
  const inside = cases.find(({ files, folder }) =>
    Object.values(files.channels).some((path) => resolve(folder.name, dirname(path)) === resolve(out)),
  );
  if (inside) {
    const { id } = inside.files;
    throw new UserError(
      `${out}: must not be the folder of case "${id}", whose truth would be overwritten; choose another --out`,
    );
  }
  const present = new Set(await openFolder(out).list());
  const existing = cases.map(({ files }) => resultName(files.id)).filter((name) => present.has(name));
  if (existing.length === 0 || force) return;
  const others = existing.length > 1 ? ` and ${existing.length - 1} more` : "";
  throw new UserError(
    `${join(out, existing[0])}${others}: already there; add --force to overwrite, or choose another --out`,
  );
}
