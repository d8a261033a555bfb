/** @file log.jsonl: one JSON line an event of a training, in the order of the run, also across resumes. */

import type { Folder } from "../platform.ts";
import type { Looks } from "./best.ts";
import type { DecisionCheck } from "./check-decision.ts";

export interface LogEntry {
  readonly phase: "bank" | "labels" | "decision";
  /** Steps of the phase that were done. */
  readonly step: number;
  readonly epoch?: number;
  /** Mean over the epoch; of the bank, of each candidate that still trains. */
  readonly loss?: number | Readonly<Record<string, number>>;
  /** At the epoch's end. */
  readonly learningRate?: number | Readonly<Record<string, number>>;
  readonly seconds?: number;
  /** Dice on the validation cases. */
  readonly validation?: Looks;
  /** Dice on the cases set aside to choose weights by. */
  readonly selection?: Looks;
  /** Windows whose label is skip, and each candidate. */
  readonly counts?: readonly number[];
  /** The trained decision network on the windows it learned from, and on those of the validation cases. */
  readonly check?: Readonly<Partial<Record<"training" | "validation", DecisionCheck>>>;
  readonly [key: string]: unknown;
}

export interface Log {
  add(entry: LogEntry): Promise<void>;
  /** Forgets what a phase logged after `step`: the run goes on from there. */
  rewind(phase: LogEntry["phase"], step: number): void;
  entries(): readonly LogEntry[];
}

const PATH = "log.jsonl";

/** Goes on with the log in `folder`; `onEntry` hears of each new entry, and is waited for. */
export async function openLog(folder: Folder, onEntry?: (entry: LogEntry) => void | Promise<void>): Promise<Log> {
  const exists = (await folder.list()).includes(PATH);
  const text = exists ? new TextDecoder().decode(await folder.read(PATH)) : "";
  let entries = text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as LogEntry] : []));
  return {
    add: async (entry) => {
      entries.push(entry);
      const lines = entries.map((one) => `${JSON.stringify(one)}\n`).join("");
      await folder.write(PATH, new TextEncoder().encode(lines));
      await onEntry?.(entry);
    },
    rewind: (phase, step) => {
      entries = entries.filter((entry) => entry.phase !== phase || entry.step <= step);
    },
    entries: () => entries,
  };
}
