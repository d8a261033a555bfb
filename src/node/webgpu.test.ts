/** A training step and its network on WebGPU against the CPU: a software adapter, and a network of one of each layer. */
import { expect, test } from "vitest";
import { useSoftwareVulkan } from "../../test/software-vulkan.ts";
import { add, relu } from "../graph/ops/elementwise.ts";
import { maxPool } from "../graph/ops/pool.ts";
import { count } from "../graph/value.ts";
import { defineNetwork, type Network, type NetworkSpec } from "../nets/network.ts";
import { batchNorm, convolve, upConvolve } from "../nn/layers.ts";
import type { Runtime } from "../platform.ts";
import { createRandom } from "../random.ts";
import { exportNetwork, weightsOf } from "../train/export.ts";
import { buildStep, createStepper, initialState } from "../train/step.ts";
import { createNodeRuntime } from "./runtime.ts";

const network = defineNetwork({
  task: "segment",
  title: "one of each layer",
  defaults: {},
  build(scope, image, { outputs }) {
    const x = convolve(scope.child("conv"), image, { out: 4, kernel: 3 });
    const y = maxPool(relu(batchNorm(scope.child("norm"), x)), 2);
    const z = add(upConvolve(scope.child("up"), y, { out: 4, kernel: 2 }), x);
    return convolve(scope.child("head"), z, { out: outputs, kernel: 1 });
  },
});
const spec: NetworkSpec = { network: network as Network, config: {}, outputs: 2, image: [2, 8, 8] };
const graph = buildStep(spec, { batch: 2, lossScale: 1, weightDecay: 1e-3, crossEntropyWeight: 1 });
const noise = createRandom(2);
const image = Float32Array.from({ length: count(graph.image) }, () => noise.uniform() - 0.5);
const targets = Uint8Array.from(image.slice(0, count(graph.targets)), (v) => Number(v > 0));

async function train(runtime: Runtime) {
  const stepper = await createStepper(runtime, graph, initialState(graph.plan, 1));
  const losses: number[] = [];
  for (let step = 0; step < 3; step++)
    losses.push(...(await stepper.take([{ image, targets, learningRate: 1e-2, random: createRandom(step) }])));
  const state = await stepper.state();
  await stepper.release();
  return { losses, state };
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(1e-4 * scale);
}

test.skipIf(!useSoftwareVulkan())("three steps and the trained network's probabilities are the CPU's", async () => {
  const [cpu, gpu] = [await createNodeRuntime({ threads: 1 }), await createNodeRuntime({ device: "webgpu" })];
  const [expected, found] = [await train(cpu), await train(gpu)];
  expect(found.state.step).toBe(3);
  expectClose(found.losses, expected.losses);
  expect(expected.losses[2]).toBeLessThan(expected.losses[0]!);
  for (const vector of ["mean", "square", "largest", "buffers"] as const)
    expectClose(found.state[vector], expected.state[vector]);

  const onnx = exportNetwork(spec, weightsOf(graph.plan, expected.state), { storage: "float32" });
  const feeds = { image: { dtype: "float32", dims: graph.image, data: image } } as const;
  const probabilities = async (runtime: Runtime) => {
    const session = await runtime.load(onnx);
    const results = await session.run(feeds);
    await session.release();
    return results["probabilities"]!.data as Float32Array;
  };
  expectClose(await probabilities(gpu), await probabilities(cpu));
});
