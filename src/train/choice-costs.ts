/** @file F_i of Eq. 4: what a candidate costs. */

import { medianMs } from "../infer/stopwatch.ts";
import type { CandidateFile } from "./candidate-file.ts";
import { imageShape, type TrainRun } from "./run.ts";

const BATCH = 8;

/**
 * FLOPs in G, as the paper counts; or time on this machine, scaled to the same sum, so that alpha weighs both alike.
 * In the order of the candidates.
 */
export async function choiceCosts(run: TrainRun, files: readonly CandidateFile[]): Promise<number[]> {
  const gflops = files.map(({ flops }) => flops.paper / 1e9);
  if (run.recipe.choice.cost === "flops") return gflops;
  const times: number[] = [];
  const dims = [BATCH, ...imageShape(run)];
  for (const { read } of files) {
    const session = await run.runtime.load(await read());
    const image = { dtype: "float32", dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1) } as const;
    times.push(await medianMs(() => session.run({ image })));
    await session.release();
  }
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return times.map((ms) => (ms * sum(gflops)) / sum(times));
}
