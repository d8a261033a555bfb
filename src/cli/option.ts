/** @file Options that several commands have. */

import { basename, dirname } from "node:path";
import { z } from "zod";
import { openFolder } from "../node/folder.ts";
import { devices } from "../node/runtime.ts";
import { packaged } from "./packaged.ts";

/** A switch: absent is false. */
export const flag = () => z.boolean().default(false);

export const count = z.coerce.number().int().positive();

export const bundledBank = {
  flags: "--bank <dir>",
  help: "model bank (default: the bundled one)",
  value: z.string().default(packaged("banks/brats")),
} as const;

export const json = { flags: "--json", help: "print the result as JSON", value: flag() } as const;

export const split = {
  flags: "--split <file>",
  help: 'JSON {"train": [ids], "validation": [ids]} (default: split.json of the data, else one fold of five)',
  value: z.string().optional(),
} as const;

/** The bytes that `--split` names. Throws `UserError` when the file cannot be read. */
export const readSplitOption = async (path: string | undefined) =>
  path === undefined ? undefined : { bytes: await openFolder(dirname(path)).read(basename(path)), name: path };

export const device = {
  flags: "--device <name>",
  help: `where the networks run: ${devices.join(", ")} (default: cpu)`,
  value: z.enum(devices).default("cpu"),
} as const;

export const threads = {
  flags: "--threads <n>",
  help: "threads of the runtime (default: all cores)",
  value: count.optional(),
} as const;
