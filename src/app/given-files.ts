/** @file The files that a user dropped or chose, with those inside folders. */

import type { GivenFile } from "../web/index.ts";

/** Of a file input; paths are below a chosen folder. */
export const filesIn = (list: FileList | null): GivenFile[] =>
  Array.from(list ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Of a drop. The entries must be taken before anything is awaited: the list is emptied then. */
export async function filesOf({ items }: DataTransfer): Promise<GivenFile[]> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map((entry) => filesBelow(entry, "")))).flat();
}

async function filesBelow(entry: FileSystemEntry, folder: string): Promise<GivenFile[]> {
  const path = folder + entry.name;
  if (entry.isFile)
    return [{ path, file: await new Promise<File>((...done) => (entry as FileSystemFileEntry).file(...done)) }];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: GivenFile[] = [];
  // A folder is told in parts of at most a hundred entries; an empty part is the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((...done) => reader.readEntries(...done));
    if (part.length === 0) return found;
    for (const child of part) found.push(...(await filesBelow(child, `${path}/`)));
  }
}
