/** @file Shared libraries as the system's loader sees them, LD_LIBRARY_PATH and all. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Why the loader cannot load `name`, a path or a name that it looks for; null when it can. */
export function loaderProblem(name: string): string | null {
  try {
    process.dlopen({ exports: {} }, name);
  } catch (error) {
    const { message } = error as Error;
    // It was loaded, and found to be no addon of Node.
    if (!message.startsWith("Module did not self-register")) return message;
  }
  return null;
}

/** Name -> whether the loader finds it, of all that the library at `path` needs; empty where there is no `ldd`. */
export async function neededLibraries(path: string): Promise<Record<string, boolean>> {
  const { stdout } = await promisify(execFile)("ldd", [path]).catch(() => ({ stdout: "" }));
  const lines = Array.from(stdout.matchAll(/^\s*(\S+) => (.*)$/gm), ([, name, at]) => [name!, at !== "not found"]);
  return Object.fromEntries(lines);
}
