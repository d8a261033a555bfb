/** @file Training steps and the matrix-product peak of this machine, ours and PyTorch's in turns. */

import { datasets } from "../../data/index.ts";
import { writeOnnx } from "../../graph/onnx.ts";
import { matmul } from "../../graph/ops/linear.ts";
import { input } from "../../graph/value.ts";
import { measureNetwork } from "../../nets/network.ts";
import type { Runtime } from "../../platform.ts";
import { createRandom } from "../../random.ts";
import type { Recipe } from "../../train/recipe.ts";
import { candidateSpecs } from "../../train/run.ts";
import { buildStep, createStepper, initialState, STEPS_PER_RUN } from "../../train/step.ts";
import type { Peer, Timing } from "./peer.ts";
import { medianTiming, timeRun } from "./timing.ts";

const WARM_UP = 2;
const MATRIX = 2048;

export interface Comparison {
  readonly name: string;
  readonly ours: Timing;
  readonly peer: Timing | null;
  /** Multiply-adds of the run, G; a training step is counted as three forward passes. */
  readonly gmacs: number;
}

/** Runs `ours`, each of whose equal `parts` is a run of the peer, and the peer's `request` in turns; medians over `rounds`. */
async function inTurns(
  ours: () => Promise<unknown>,
  { peer, request, rounds, parts = 1 }: { peer: Peer | null; request: string; rounds: number; parts?: number },
): Promise<{ ours: Timing; peer: Timing | null }> {
  const [mine, theirs]: [Timing[], Timing[]] = [[], []];
  for (let i = 0; i < WARM_UP; i++) await ours();
  for (let round = 0; round < rounds; round++) {
    mine.push(await timeRun(ours, parts));
    if (peer) theirs.push(await peer.time(request));
  }
  return { ours: medianTiming(mine), peer: peer ? medianTiming(theirs) : null };
}

/** A 2048 x 2048 by 2048 x 2048 product: the rate that nothing here can pass. */
export async function benchPeak(runtime: Runtime, peer: Peer | null, rounds: number): Promise<Comparison> {
  const [a, b] = [input("a", [MATRIX, MATRIX]), input("b", [MATRIX, MATRIX])];
  const session = await runtime.load(writeOnnx({ product: matmul(a, b) }));
  const matrix = { dtype: "float32", dims: [MATRIX, MATRIX], data: noise(MATRIX * MATRIX) } as const;
  const times = await inTurns(() => session.run({ a: matrix, b: matrix }), { peer, request: "matmul", rounds });
  await session.release();
  return { name: "matrix product 2048", ...times, gmacs: MATRIX ** 3 / 1e9 };
}

/** One training step (forward, backward, update) of each candidate of a recipe. */
export async function benchSteps(
  runtime: Runtime,
  recipe: Recipe,
  { peer, rounds, batch }: { peer: Peer | null; rounds: number; batch: number },
): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const [id, spec] of Object.entries(candidateSpecs({ recipe, dataset: datasets.brats }))) {
    const graph = buildStep(spec, { batch, lossScale: 0.25, weightDecay: 1e-5 });
    const stepper = await createStepper(runtime, graph, initialState(graph.plan, 1));
    const pixels = batch * spec.image[1]! * spec.image[2]!;
    const image = noise(pixels * spec.image[0]!);
    const targets = Uint8Array.from({ length: pixels }, (_, i) => i % spec.outputs);
    const batches = Array(STEPS_PER_RUN).fill({ image, targets, learningRate: 1e-4, random: createRandom(1) });
    const steps = () => stepper.take(batches);
    const times = await inTurns(steps, { peer, request: `${id} step`, rounds, parts: STEPS_PER_RUN });
    results.push({ name: `training step ${id}`, ...times, gmacs: (3 * batch * measureNetwork(spec).macs) / 1e9 });
    await stepper.release();
  }
  return results;
}

const noise = (length: number): Float32Array => {
  const random = createRandom(7);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
};
