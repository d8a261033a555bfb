/** @file log.jsonl: one JSON line an event of a training, in the order of the run, also across resumes. */

import type { Folder } from "../platform.ts";

export interface LogEntry {
  readonly phase: "bank" | "labels" | "decision";
  /** Steps of the phase that were done. */
  readonly step: number;
  readonly [key: string]: unknown;
}

export interface Log {
  add(entry: LogEntry): Promise<void>;
  /** Forgets what a phase logged after `step`: the run goes on from there. */
  rewind(phase: LogEntry["phase"], step: number): void;
}

const PATH = "log.jsonl";

/** Goes on with the log in `folder`; `onEntry` hears of each new entry. */
export async function openLog(folder: Folder, onEntry?: (entry: LogEntry) => void): Promise<Log> {
  const exists = (await folder.list()).includes(PATH);
  const text = exists ? new TextDecoder().decode(await folder.read(PATH)) : "";
  let entries = text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as LogEntry] : []));
  return {
    add: async (entry) => {
      entries.push(entry);
      const lines = entries.map((one) => `${JSON.stringify(one)}\n`).join("");
      await folder.write(PATH, new TextEncoder().encode(lines));
      onEntry?.(entry);
    },
    rewind: (phase, step) => {
      entries = entries.filter((entry) => entry.phase !== phase || entry.step <= step);
    },
  };
}
