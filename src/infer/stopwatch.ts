/** @file Wall time by stage. */

export interface Stopwatch {
  /** Adds the time that `work` takes to `stage`. */
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Seconds of each stage, "other" for the rest and "total" since the start. */
  seconds(): Record<string, number>;
}

export function createStopwatch(): Stopwatch {
  const start = performance.now();
  const stages: Record<string, number> = {};
  return {
    time: async (stage, work) => {
      const begin = performance.now();
      const result = await work();
      stages[stage] = (stages[stage] ?? 0) + (performance.now() - begin) / 1000;
      return result;
    },
    seconds: () => {
      const total = (performance.now() - start) / 1000;
      const known = Object.values(stages).reduce((a, b) => a + b, 0);
      return { ...stages, other: total - known, total };
    },
  };
}

const ROUNDS = 3;

/** Median of a few runs, after one that warms up. */
export async function medianMs(run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}
