/** @file `Folder` over what a browser can read: files that the user gave, a zip archive, a place on the server. */

import { type UnzipFileInfo, unzipSync } from "fflate";
import { UserError } from "../error.ts";
import type { Folder } from "../platform.ts";

/** A file with its path below what was dropped or chosen. */
export interface GivenFile {
  readonly path: string;
  readonly file: Blob;
}

/** Files of the user. Nothing is read before it is asked for. */
export function openFiles(files: readonly GivenFile[], name = "the files"): Folder {
  const blobs = new Map(files.map(({ path, file }) => [path, file]));
  return readOnly(name, {
    list: async () => [...blobs.keys()],
    read: async (path) => new Uint8Array(await found(blobs.get(path), name, path).arrayBuffer()),
  });
}

/** A zip archive. Reading inflates one file. Throws `UserError` for bytes that are no such archive. */
export function openZip(archive: Uint8Array, name: string): Folder {
  const extract = (filter: (file: UnzipFileInfo) => boolean) => {
    try {
      return unzipSync(archive, { filter });
    } catch (cause) {
      throw new UserError(`${name}: must be a whole zip archive, found "${(cause as Error).message}"; pack it again`, {
        cause,
      });
    }
  };
  const names: string[] = [];
  extract(({ name: path }) => {
    if (!path.endsWith("/")) names.push(path);
    return false;
  });
  return readOnly(name, {
    list: async () => names,
    read: async (path) => found(extract((file) => file.name === path)[path], name, path),
  });
}

/** `files` below a URL, which cannot list itself. */
export function openUrl(url: string, files: readonly string[]): Folder {
  return readOnly(url, {
    list: async () => [...files],
    read: (path) => download(`${url}/${path}`),
  });
}

/** The bank below a URL: its files are those that `bank.json` names; whether it is a good bank is for `readBank` to say. */
export async function openBankUrl(url: string): Promise<Folder> {
  const manifest = new TextDecoder().decode(await download(`${url}/bank.json`));
  const models = Array.from(manifest.matchAll(/"file":\s*"([^"]+)"/g), ([, file]) => file);
  return openUrl(url, ["bank.json", ...models]);
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url).catch((error: Error) => error);
  if (response instanceof Response && response.ok) return new Uint8Array(await response.arrayBuffer());
  const found = response instanceof Response ? `the server answers ${response.status}` : response.message;
  throw new UserError(`${url}: must be readable, found "${found}"; check the connection and load the page again`);
}

function found<T>(content: T | undefined, name: string, path: string): T {
  if (content === undefined) throw new UserError(`${name}: ${path} cannot be read: there is no such file`);
  return content;
}

function readOnly(name: string, { list, read }: Pick<Folder, "list" | "read">): Folder {
  return {
    name,
    list: async () => (await list()).sort(),
    read,
    write: async (path) => {
      throw new UserError(`${name}: ${path} cannot be written: a page only reads; download the result instead`);
    },
  };
}
