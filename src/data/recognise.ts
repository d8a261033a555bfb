/** @file Groups file paths into cases. A case is the files of one folder that share a prefix. */

import type { CaseFiles } from "./dataset.ts";

/** What the name of one file says. */
export interface FileName {
  /** What comes before the channel, without the separator; may be empty. */
  readonly prefix: string;
  /** A channel, "truth", or `STACK`. */
  readonly role: string;
  /** Class index -> label, where this way of naming implies a convention. */
  readonly labels?: readonly number[];
}

/** The role of a file that holds every channel. */
export const STACK = "stack";

interface NamedFile extends FileName {
  readonly path: string;
  readonly folder: string;
}

interface Naming {
  readonly channels: readonly string[];
  /** Class index -> label, where no file name says otherwise. */
  readonly labels: readonly number[];
  /** Reads a base name in a folder; null for a file that is none of ours. */
  parse(baseName: string, folder: string): FileName | null;
  /** Files of one prefix make a case where this is the same for their folders; default: the folder itself. */
  place?(folder: string): string;
  /** A truth of another prefix joins the folder's only group that has channels but no truth. */
  readonly strayTruth?: boolean;
}

/** Groups `paths` into cases, sorted by id. What is wrong with a case is told in its `problem`. */
export function groupCases(paths: readonly string[], naming: Naming): CaseFiles[] {
  const folders = groupBy(nameFiles(paths, naming), (file) => file.folder);
  const groups = [...folders.values()].flatMap((files) => splitFolder(files, naming));
  const cases = groups.map((files) => describeCase(files, naming)).sort((a, b) => (a.id < b.id ? -1 : 1));
  return cases.map((item, i) => (item.id === cases[i - 1]?.id ? repeated(item, cases[i - 1]) : item));
}

function nameFiles(paths: readonly string[], naming: Naming): NamedFile[] {
  return [...paths].sort().flatMap((path) => {
    const cut = path.lastIndexOf("/");
    const folder = path.slice(0, Math.max(cut, 0));
    const name = naming.parse(path.slice(cut + 1), folder);
    return name === null ? [] : [{ ...name, path, folder: naming.place?.(folder) ?? folder }];
  });
}

/**
 * One group a prefix. `strayTruth`: BraTS 2020 case 355 holds `BraTS20_Training_355_flair.nii` beside
 * `W39_1998.09.19_Segm.nii`.
 */
function splitFolder(files: readonly NamedFile[], { strayTruth = false }: Naming): NamedFile[][] {
  const groups = [...groupBy(files, (file) => file.prefix).values()];
  if (strayTruth && groups.length === 2) {
    const onlyTruth = groups.filter((group) => group.every((file) => file.role === "truth"));
    const noTruth = groups.filter((group) => group.every((file) => file.role !== "truth"));
    if (onlyTruth.length === 1 && noTruth.length === 1) return [groups.flat()];
  }
  return groups;
}

function describeCase(files: readonly NamedFile[], naming: Naming): CaseFiles {
  const roles = groupBy(files, (file) => file.role);
  const named = files.find((file) => file.role !== "truth") ?? files[0];
  const id = named.prefix || (named.folder.split("/").at(-1) ?? "") || "case";
  const pathOf = (channel: string) => (roles.get(channel) ?? roles.get(STACK))?.[0].path;
  const found = naming.channels.flatMap((channel) => {
    const path = pathOf(channel);
    return path === undefined ? [] : [[channel, path] as const];
  });
  const truth = roles.get("truth")?.[0]?.path;
  const problem = findProblem(id, roles, naming.channels);
  return {
    id,
    channels: Object.fromEntries(found),
    ...(truth === undefined ? {} : { truth }),
    labels: files.find((file) => file.labels !== undefined)?.labels ?? naming.labels,
    ...(problem === undefined ? {} : { problem }),
  };
}

function findProblem(id: string, roles: Map<string, NamedFile[]>, channels: readonly string[]): string | undefined {
  const needs = `case "${id}": needs one file for each of ${channels.join(", ")}`;
  for (const [role, files] of roles) {
    if (files.length > 1) return `${needs}; ${role} has ${files.length}: ${listPaths(files)}; keep one of them`;
  }
  const missing = roles.has(STACK) ? [] : channels.filter((channel) => !roles.has(channel));
  if (missing.length === 0) return undefined;
  return `${needs}; missing: ${missing.join(", ")}; found: ${listPaths([...roles.values()].flat())}`;
}

/** `Map.groupBy` is not in Node 20. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const listPaths = (files: readonly NamedFile[]) => files.map((file) => file.path).join(", ");

function repeated(item: CaseFiles, earlier: CaseFiles): CaseFiles {
  const [a, b] = [earlier, item].map(({ channels, truth }) => Object.values(channels)[0] ?? truth);
  return { ...item, problem: `case "${item.id}": the id must be unique, but ${a} and ${b} both have it; rename one` };
}
