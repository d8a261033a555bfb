/** @file `Folder` over the file system. */

import { randomUUID } from "node:crypto";
import { access, constants, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../error.ts";
import type { Folder } from "../platform.ts";

/**
 * The folder at `path`. Listing and reading need it to exist; writing makes it. Every system error becomes a `UserError`,
 * and a write that fails leaves no file behind, neither new nor temporary.
 */
export function openFolder(path: string): Folder {
  return {
    name: path,
    list: () => explain(path, "read", () => listFiles(path)),
    read: (file) => explain(join(path, file), "read", async () => plain(await readFile(join(path, file)))),
    write: (file, bytes) => explain(join(path, file), "written", () => writeWhole(join(path, file), bytes)),
  };
}

/** A `Buffer` without its `slice`, which shares memory where that of `Uint8Array` copies. */
export const plain = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint8Array(buffer, byteOffset, byteLength);

/** Names of files that are being written. */
const TEMPORARY = /^\..*\.partial$/;

/** Links to folders are followed: a data set is often a folder of links. `above` holds the real paths on the way, so loops end. */
async function listFiles(path: string, above: readonly string[] = []): Promise<string[]> {
  const here = await realpath(path);
  if (above.includes(here)) return [];
  const entries = await readdir(path, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const { name } = entry;
    const isFolder = entry.isSymbolicLink() ? await leadsToFolder(join(path, name)) : entry.isDirectory();
    if (!isFolder) return TEMPORARY.test(name) ? [] : [name];
    return (await listFiles(join(path, name), [...above, here])).map((file) => `${name}/${file}`);
  });
  return (await Promise.all(found)).flat().sort();
}

const leadsToFolder = (link: string) =>
  stat(link).then(
    (target) => target.isDirectory(),
    () => false,
  );

/** To a temporary name in the same folder, flushed, then renamed: a reader sees the old file or the new one. */
async function writeWhole(path: string, bytes: Uint8Array) {
  await makeFolder(dirname(path));
  const temporary = join(dirname(path), `.${randomUUID()}.partial`);
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  ENOSPC: "the disk is full; free some space or choose another folder",
  EDQUOT: "the disk quota is used up; free some space or choose another folder",
  EFBIG: "the file would be larger than the system allows",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EROFS: "the file system is read-only; choose another folder",
  EMFILE: "too many files are open",
};

async function explain<T>(path: string, verb: "read" | "written", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(`${path}: cannot be ${verb}: ${reasons[code] ?? message}`);
  }
}

/** Makes the folder where it is missing. Throws `UserError` when nothing can be written there. */
export function requireWritable(path: string): Promise<void> {
  return explain(path, "written", async () => {
    await makeFolder(path);
    await access(path, constants.W_OK);
  });
}

/** With its parents. `mkdir` with `recursive` never comes back on some file systems (Node 20, below /proc). */
async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !(await leadsToFolder(path))) throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  });
}
