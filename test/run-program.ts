/** @file The command line in this process, and what it printed. */

import { runProgram as runCommand } from "../src/cli/program.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without the program's own name; `signal` is Ctrl-C. */
export async function runProgram(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await runCommand(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal,
  });
  return { code, stdout, stderr };
}
