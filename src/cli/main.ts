#!/usr/bin/env node
/** @file The `med-danet` command: the process around the program. */

import { runProgram } from "./program.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // A second Ctrl-C does not wait for the network that is running.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}
const { stdout, stderr } = process;
process.exitCode = await runProgram(process.argv.slice(2), { stdout, stderr, signal: controller.signal });
