/** @file Options that several commands have. */

import { z } from "zod";
import { devices } from "../node/runtime.ts";

/** A switch: absent is false. */
export const flag = () => z.boolean().default(false);

export const json = { flags: "--json", help: "print the result as JSON", value: flag() } as const;

export const device = {
  flags: "--device <name>",
  help: `where the networks run: ${devices.join(", ")} (default: cpu)`,
  value: z.enum(devices).default("cpu"),
} as const;

export const threads = {
  flags: "--threads <n>",
  help: "threads of the runtime (default: all cores)",
  value: z.coerce.number().int().positive().optional(),
} as const;
