/** @file Wall and CPU time of runs in this process. */

import type { Timing } from "./peer.ts";

/** One of the equal parts of a run; CPU time is that of all threads of this process, so nothing else may run beside it. */
export async function timeRun(run: () => Promise<unknown>, parts = 1): Promise<Timing> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const wallSeconds = (performance.now() - start) / 1000 / parts;
  const { user, system } = process.cpuUsage(cpu);
  return { wallSeconds, cpuSeconds: (user + system) / 1e6 / parts };
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
};

export const medianTiming = (timings: readonly Timing[]): Timing => ({
  wallSeconds: median(timings.map(({ wallSeconds }) => wallSeconds)),
  cpuSeconds: median(timings.map(({ cpuSeconds }) => cpuSeconds)),
});
