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
// Whoever reads may leave first (`| head`): the work goes on to its end, unheard.
for (const output of [stdout, stderr])
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
process.exitCode = await runProgram(process.argv.slice(2), { stdout, stderr, signal: controller.signal });
