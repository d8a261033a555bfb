/**
 * @file One training step as one graph: forward, loss, backward and Adam update of one network. Weights, moments and
 * batch statistics each lie in one flat vector that goes in and comes out.
 */

import { blockChannels, findBlockSize } from "../graph/blocked/block-channels.ts";
import { gradient } from "../graph/gradient.ts";
import { lowerGraph } from "../graph/lower.ts";
import { writeOnnx } from "../graph/onnx.ts";
import { add, exp, mul } from "../graph/ops/elementwise.ts";
import { concat, reshape } from "../graph/ops/shape.ts";
import { logSoftmax } from "../graph/ops/softmax.ts";
import { count, input, type Shape, scalar, type Value } from "../graph/value.ts";
import { buildNetwork, type NetworkSpec, planNetwork } from "../nets/network.ts";
import { adam, adamScalars } from "../nn/adam.ts";
import { crossEntropy, diceLoss, weightedCrossEntropy } from "../nn/loss.ts";
import { initialVector, sizeOf, trainingScope, type WeightPlan } from "../nn/scope.ts";
import type { Carry, Runtime, Tensor } from "../platform.ts";
import { createRandom, type Random } from "../random.ts";
import { carryOnHost } from "../session.ts";

export interface StepOptions {
  readonly batch: number;
  /** The loss is multiplied by this before it is differentiated: 1 / n for one of n candidates (Eq. 5). */
  readonly lossScale: number;
  readonly weightDecay: number;
  /** Of the cross-entropy that is added to Eq. 6; 0, the default, is the paper's loss. */
  readonly crossEntropyWeight?: number;
  /** Class weights of Eq. 7; only for decision networks. */
  readonly classWeights?: readonly number[];
}

/** Everything that a step changes. `step` counts the steps done. */
export interface TrainState {
  readonly parameters: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
  readonly largest: Float32Array;
  readonly buffers: Float32Array;
  readonly step: number;
}
const VECTORS = ["parameters", "mean", "square", "largest", "buffers"] as const;
type VectorName = (typeof VECTORS)[number];
const CARRY: Carry = Object.fromEntries(VECTORS.map((name) => [name, `${name}After`]));

export interface StepGraph {
  /** The file; `lowered` for runtimes that say so, in blocks of `block` channels where that is more than one. */
  onnx(form: { readonly lowered: boolean; readonly block: number }): Uint8Array;
  readonly plan: WeightPlan;
  /** [B, C, H, W] */
  readonly image: Shape;
  /** Shape of the targets: labels [B, H, W], or choices [B]. */
  readonly targets: Shape;
}

/** The loss of a batch: Eq. 6 for candidates, Eq. 7 for decision networks. */
function lossOf(
  spec: NetworkSpec,
  logits: Value,
  { targets, options }: { targets: Value; options: StepOptions },
): Value {
  if (spec.network.task === "segment") {
    const logProbabilities = logSoftmax(logits, 1);
    const dice = diceLoss(exp(logProbabilities), targets);
    const { crossEntropyWeight: weight = 0 } = options;
    return weight === 0 ? dice : add(dice, mul(crossEntropy(logProbabilities, targets), scalar(weight)));
  }
  return weightedCrossEntropy(logits, targets, options.classWeights ?? Array(spec.outputs).fill(1));
}

/**
 * ONNX graph of a step. Inputs: image [B, C, H, W], targets, the five vectors, noise, stepSize, correction.
 * Outputs: loss [], and the vectors with "After" appended.
 */
export function buildStep(spec: NetworkSpec, options: StepOptions): StepGraph {
  const plan = planNetwork(spec, options.batch);
  const image = input("image", [options.batch, ...spec.image]);
  const targetShape = spec.network.task === "segment" ? [options.batch, ...spec.image.slice(1)] : [options.batch];
  const sizes = vectorSizes(plan);
  const vectors = Object.fromEntries(VECTORS.map((name) => [name, input(name, [sizes[name]])])) as Record<
    VectorName,
    Value
  >;
  const { scope, pieces, buffersAfter } = trainingScope(plan, { ...vectors, noise: input("noise", [plan.noise]) });
  const logits = buildNetwork(spec, scope, image);
  const loss = lossOf(spec, logits, { targets: input("targets", targetShape, "uint8"), options });
  const flat = (values: readonly Value[]) =>
    concat(
      values.map((value) => reshape(value, [count(value.shape)])),
      0,
    );
  const { weights, moments } = adam(vectors.parameters, flat(gradient([[loss, scalar(options.lossScale)]], pieces)), {
    moments: vectors,
    scalars: { stepSize: input("stepSize", []), correction: input("correction", []) },
    weightDecay: options.weightDecay,
  });
  // A network without batch norms has no buffers: the empty vector goes through.
  const buffers = plan.buffers.length > 0 ? flat(buffersAfter()) : mul(vectors.buffers, scalar(1));
  const after = { parameters: weights, ...moments, buffers };
  const outputs = { loss, ...Object.fromEntries(VECTORS.map((name) => [CARRY[name]!, after[name]])) };
  const onnx: StepGraph["onnx"] = ({ lowered, block }) =>
    writeOnnx(lowered ? lowerGraph(outputs) : block > 1 ? blockChannels(outputs, block) : outputs);
  return { onnx, plan, image: image.shape, targets: targetShape };
}

const vectorSizes = ({ parameters, buffers }: WeightPlan): Record<VectorName, number> => {
  const n = sizeOf(parameters);
  return { parameters: n, mean: n, square: n, largest: n, buffers: sizeOf(buffers) };
};

/** State before the first step. */
export function initialState(plan: WeightPlan, seed: number): TrainState {
  const zeros = () => new Float32Array(sizeOf(plan.parameters));
  const random = createRandom(seed);
  const parameters = initialVector(plan.parameters, random);
  return {
    parameters,
    mean: zeros(),
    square: zeros(),
    largest: zeros(),
    buffers: initialVector(plan.buffers, random),
    step: 0,
  };
}

export interface StepBatch {
  readonly image: Float32Array;
  /** Class indices or choices. */
  readonly targets: Uint8Array;
  readonly learningRate: number;
  /** Feeds dropout. */
  readonly random: Random;
}

export interface Stepper {
  /** Weights and moments as they are now, fetched from the device. Valid until the step after the next. */
  state(): Promise<TrainState>;
  /** One update; returns the loss before it. */
  step(batch: StepBatch): Promise<number>;
  release(): Promise<void>;
}

/** Loads a step graph. Weights and moments stay where it computes; the memory of `start` is used. */
export async function createStepper(runtime: Runtime, graph: StepGraph, start: TrainState): Promise<Stepper> {
  const onnx = graph.onnx({ lowered: runtime.lowered ?? false, block: await findBlockSize(runtime) });
  const session = (await runtime.loadCarrying?.(onnx, CARRY)) ?? carryOnHost(await runtime.load(onnx), CARRY);
  const noise = new Float32Array(graph.plan.noise);
  const first = Object.fromEntries(VECTORS.map((name) => [name, vector(start[name])]));
  let done = 0;
  return {
    state: async () => {
      if (done === 0) return start;
      const vectors = Object.entries(await session.carried()).map(([name, { data }]) => [name, data]);
      return { ...start, ...Object.fromEntries(vectors), step: start.step + done };
    },
    step: async ({ image, targets, learningRate, random }) => {
      for (let i = 0; i < noise.length; i++) noise[i] = random.uniform();
      const scalars = adamScalars(learningRate, start.step + done + 1);
      const { loss } = await session.run(
        {
          image: vector(image, graph.image),
          targets: { dtype: "uint8", dims: graph.targets, data: targets },
          ...(done === 0 ? first : {}),
          ...(noise.length > 0 ? { noise: vector(noise) } : {}),
          stepSize: vector(Float32Array.of(scalars.stepSize), []),
          correction: vector(Float32Array.of(scalars.correction), []),
        },
        { loss: null },
      );
      done++;
      return Number(loss!.data[0]);
    },
    release: () => session.release(),
  };
}

const vector = (data: Float32Array, dims: Shape = [data.length]): Tensor => ({ dtype: "float32", dims, data });
