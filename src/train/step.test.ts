/**
 * Two training steps of small networks against PyTorch in float64 (test/reference/make_networks.py): loss, gradients,
 * running statistics and weights after two Adam steps.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { networks } from "../nets/index.ts";
import type { NetworkSpec } from "../nets/network.ts";
import { namedParts, type WeightPlan } from "../nn/scope.ts";
import { createNodeRuntime } from "../node/runtime.ts";
import { createRandom } from "../random.ts";
import { buildStep, createStepper, initialState, type TrainState } from "./step.ts";

interface Reference {
  loss: number;
  losses: [number, number];
  gradients: Record<string, [number, number, number]>;
  running: Record<string, { mean: number[]; var: number[] }>;
  norms: Record<string, number>;
}
const reference = JSON.parse(readFileSync("test/reference/networks.json", "utf8")) as Record<string, Reference>;

const noDropout = { dropout: 0, tokenDropout: 0 };
const cases: Record<string, { spec: NetworkSpec; batch: number; classWeights?: number[]; tolerance: number }> = {
  unet2d: {
    spec: { network: networks.unet2d as never, config: { base: 4, ...noDropout }, outputs: 4, image: [4, 32, 32] },
    batch: 2,
    tolerance: 1e-4,
  },
  transbts2d: {
    spec: {
      network: networks.transbts2d as never,
      config: { base: 16, layers: 2, dim: 64, hidden: 128, heads: 4, ...noDropout },
      outputs: 4,
      image: [4, 32, 32],
    },
    batch: 2,
    tolerance: 1e-4,
  },
  shufflenetv2: {
    spec: { network: networks.shufflenetv2 as never, config: {}, outputs: 5, image: [4, 64, 64] },
    batch: 6,
    classWeights: [0.5, 1, 1, 1.5, 2],
    tolerance: 1e-3,
  },
};

const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

/** The rule of make_networks.py: parameter j of the sorted keys, element k. */
function fillParameters(plan: WeightPlan, flat: Float32Array) {
  const parts = namedParts(plan.parameters, flat);
  const specs = plan.parameters.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const [j, { key, shape }] of specs.entries()) {
    const fan = shape.slice(1).reduce((a, b) => a * b, 1);
    for (let k = 0; k < parts[key]!.length; k++) {
      const v = Math.sin(j * 78.233 + k * 12.9898) * 43758.5453;
      const u = v - Math.floor(v) - 0.5;
      const isWeight = key.endsWith(".weight");
      parts[key]![k] = isWeight && shape.length > 1 ? (2 * u) / Math.sqrt(fan) : 0.2 * u + (isWeight ? 1 : 0);
    }
  }
}

const batchOf = (spec: NetworkSpec, batch: number) => {
  const pixels = batch * spec.image[1]! * spec.image[2]!;
  const decide = spec.network.task === "decide";
  return {
    image: Float32Array.from({ length: 4 * pixels }, (_, k) => Math.sin(0.37 * k) + 0.5 * Math.cos(0.011 * k)),
    targets: decide
      ? Uint8Array.from({ length: batch }, (_, k) => k % 5)
      : Uint8Array.from({ length: pixels }, (_, k) => (7 * k + Math.floor(k / 13)) % 4),
    learningRate: 1e-3,
    random: createRandom(1),
  };
};

/** From zero moments, Adam's first mean is 0.1 (g + decay w). */
function gradientsAfterOneStep(plan: WeightPlan, before: Float32Array, after: TrainState, weightDecay: number) {
  const flat = after.mean.map((m, i) => m / 0.1 - weightDecay * before[i]!);
  return namedParts(plan.parameters, flat);
}

describe.each(Object.entries(cases))("%s against PyTorch", (name, { spec, batch, classWeights, tolerance }) => {
  const expected = reference[name]!;
  const weightDecay = 1e-5;
  const graph = buildStep(spec, { batch, lossScale: 1, weightDecay, ...(classWeights ? { classWeights } : {}) });

  test("two steps", async () => {
    const start = initialState(graph.plan, 0);
    fillParameters(graph.plan, start.parameters);
    const before = start.parameters.slice();
    const stepper = await createStepper(await createNodeRuntime({ threads: 1 }), graph, start);

    const losses = [await stepper.step(batchOf(spec, batch))];
    const gradients = gradientsAfterOneStep(graph.plan, before, stepper.state(), weightDecay);
    const running = namedParts(graph.plan.buffers, stepper.state().buffers);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [key, [size, first, second]] of Object.entries(expected.gradients)) {
      const slack = Math.max(tolerance * size, 2e-6);
      expect(Math.abs(norm(gradients[key]!) - size), `${key} norm`).toBeLessThan(slack * 3);
      expect(Math.abs(gradients[key]![0]! - first), `${key}[0]`).toBeLessThan(slack);
      expect(Math.abs((gradients[key]![1] ?? 0) - second), `${key}[1]`).toBeLessThan(slack);
    }
    for (const [key, { mean, var: variance }] of Object.entries(expected.running)) {
      for (const [i, value] of mean.entries()) expect(running[`${key}.running_mean`]![i]).toBeCloseTo(value, 5);
      for (const [i, value] of variance.entries()) expect(running[`${key}.running_var`]![i]).toBeCloseTo(value, 5);
    }

    losses.push(await stepper.step(batchOf(spec, batch)));
    expect(losses[0]).toBeCloseTo(expected.losses[0], 4);
    expect(Math.abs(losses[1]! - expected.losses[1])).toBeLessThan(5e-4);
    const parameters = namedParts(graph.plan.parameters, stepper.state().parameters);
    for (const [key, size] of Object.entries(expected.norms))
      expect(Math.abs(norm(parameters[key]!) / size - 1), key).toBeLessThan(2e-4);
    await stepper.release();
  });
});
