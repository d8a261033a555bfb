/**
 * Two training steps of small networks against PyTorch in float64 (test/reference/make_networks.py): loss, gradients,
 * running statistics and weights after two Adam steps, and the outputs of the exported network.
 */
import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import {
  choicesOf,
  fillParameters,
  imageOf,
  labelsOf,
  type ReferenceName,
  reference,
  shown,
  specs,
} from "../../test/reference/fill.ts";
import { readOnnx } from "../graph/onnx-read.ts";
import { count } from "../graph/value.ts";
import { namedParts, type WeightPlan } from "../nn/scope.ts";
import { createNodeRuntime } from "../node/runtime.ts";
import { createRandom } from "../random.ts";
import { exportNetwork, weightsOf } from "./export.ts";
import { buildStep, createStepper, initialState, STEPS_PER_RUN, type TrainState } from "./step.ts";

const tolerances: Record<ReferenceName, number> = { unet2d: 1e-4, transbts2d: 1e-4, shufflenetv2: 1e-3 };
const classWeights = [0.5, 1, 1, 1.5, 2];

const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

/** From zero moments, Adam's first mean is 0.1 (g + decay w). */
function gradientsAfterOneStep(plan: WeightPlan, before: Float32Array, after: TrainState, weightDecay: number) {
  const flat = after.mean.map((m, i) => m / 0.1 - weightDecay * before[i]!);
  return namedParts(plan.parameters, flat);
}

describe.each(Object.keys(specs) as ReferenceName[])("%s against PyTorch", (name) => {
  const [expected, spec, tolerance] = [reference[name], specs[name], tolerances[name]];
  const weightDecay = 1e-5;
  const decides = spec.network.task === "decide";
  const options = { batch: expected.input[0]!, lossScale: 1, weightDecay, ...(decides ? { classWeights } : {}) };
  const graph = buildStep(spec, options);
  const image = imageOf(count(graph.image));
  const targets = (decides ? choicesOf : labelsOf)(count(graph.targets));
  const batch = { image, targets, learningRate: 1e-3, random: createRandom(1) };

  test("two steps, then its export", async () => {
    const start = initialState(graph.plan, 0);
    fillParameters(graph.plan, start.parameters);
    const before = start.parameters.slice();
    const stepper = await createStepper(await createNodeRuntime({ threads: 1 }), graph, start);

    const losses = await stepper.take([batch]);
    const gradients = gradientsAfterOneStep(graph.plan, before, await stepper.state(), weightDecay);
    const running = namedParts(graph.plan.buffers, (await stepper.state()).buffers);
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

    losses.push(...(await stepper.take([batch])));
    expect(losses[0]).toBeCloseTo(expected.losses[0], 4);
    expect(Math.abs(losses[1]! - expected.losses[1])).toBeLessThan(5e-4);
    const parameters = namedParts(graph.plan.parameters, (await stepper.state()).parameters);
    for (const [key, size] of Object.entries(expected.norms))
      expect(Math.abs(norm(parameters[key]!) / size - 1), key).toBeLessThan(2e-4);

    const onnx = exportNetwork(spec, weightsOf(graph.plan, await stepper.state()), { storage: "float32" });
    const { outputs } = readOnnx(onnx, `${name}.onnx`);
    const [output] = Object.values(await evaluate(outputs, { image: floats(image, graph.image) }));
    const evaluation = shown(output!.data as Float32Array, expected.evaluation.output);
    expect(evaluation.found).toHaveLength(evaluation.expected.length);
    for (const [i, value] of evaluation.expected.entries())
      expect(Math.abs(evaluation.found[i]! - value), `output ${i}`).toBeLessThan(5 * tolerance);
    await stepper.release();
  });
});

test("state vectors in pieces: the same numbers", async () => {
  const spec = specs.unet2d;
  const run = async (vectorLength: number) => {
    const graph = buildStep(spec, { batch: 2, lossScale: 1, weightDecay: 1e-5, vectorLength });
    const stepper = await createStepper(await createNodeRuntime({ threads: 1 }), graph, initialState(graph.plan, 1));
    const [image, targets] = [imageOf(count(graph.image)), labelsOf(count(graph.targets))];
    for (let i = 0; i < 3; i++) await stepper.take([{ image, targets, learningRate: 1e-2, random: createRandom(i) }]);
    const state = await stepper.state();
    await stepper.release();
    return { state, inputs: graph.pieces.length };
  };
  const [whole, divided] = [await run(1e7), await run(1000)];
  expect([whole.inputs, divided.inputs > 20]).toEqual([5, true]);
  expect(divided.state).toEqual(whole.state);
});

test("several steps in a run: the numbers of one at a time", async () => {
  const graph = buildStep(specs.unet2d, { batch: 2, lossScale: 1, weightDecay: 1e-5 });
  const [image, targets] = [imageOf(count(graph.image)), labelsOf(count(graph.targets))];
  const batches = Array.from({ length: STEPS_PER_RUN + 1 }, (_, i) => ({
    image: image.map((v) => v * (1 + i)),
    targets,
    learningRate: 1e-2 / (1 + i),
  }));
  const train = async (atOnce: number) => {
    const stepper = await createStepper(await createNodeRuntime({ threads: 1 }), graph, initialState(graph.plan, 1));
    const drawn = batches.map((batch, i) => ({ ...batch, random: createRandom(i) }));
    const losses: number[] = [];
    for (let i = 0; i < drawn.length; i += atOnce) losses.push(...(await stepper.take(drawn.slice(i, i + atOnce))));
    const state = await stepper.state();
    await stepper.release();
    return { losses, state };
  };
  const one = await train(1);
  expect(one.state.step).toBe(batches.length);
  expect(new Set(one.losses).size).toBe(batches.length);
  expect(await train(batches.length)).toEqual(one);
});
