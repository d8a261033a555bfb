/** @file F_i of Eq. 4: what a candidate costs. */

import { medianMs } from "../infer/stopwatch.ts";
import { measureNetwork } from "../nets/network.ts";
import { exportNetwork, weightsOf } from "./export.ts";
import { candidateSpecs, type Trained, type TrainRun } from "./run.ts";

const BATCH = 8;

/**
 * FLOPs in G, as the paper counts; or time on this machine, scaled to the same sum, so that alpha weighs both alike.
 * In the order of the candidates.
 */
export async function choiceCosts(run: TrainRun, bank: Readonly<Record<string, Trained>>): Promise<number[]> {
  const specs = Object.entries(candidateSpecs(run));
  const gflops = specs.map(([, spec]) => measureNetwork(spec).paper / 1e9);
  if (run.recipe.choice.cost === "flops") return gflops;
  const times: number[] = [];
  for (const [id, spec] of specs) {
    const { plan, state } = bank[id]!;
    const session = await run.runtime.load(exportNetwork(spec, weightsOf(plan, state), { storage: "float32" }));
    const dims = [BATCH, ...spec.image];
    const image = { dtype: "float32", dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1) } as const;
    times.push(await medianMs(() => session.run({ image })));
    await session.release();
  }
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return times.map((ms) => (ms * sum(gflops)) / sum(times));
}
