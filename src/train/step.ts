/**
 * @file One training step as one graph: forward, loss, backward and Adam update of one network. Weights, moments and
 * batch statistics each lie in one flat vector that goes in and comes out.
 */

import { blockChannels, findBlockSize } from "../graph/blocked/block-channels.ts";
import { gradient } from "../graph/gradient.ts";
import { lowerGraph } from "../graph/lower.ts";
import { writeOnnx, writeTurns } from "../graph/onnx.ts";
import { add, exp, mul } from "../graph/ops/elementwise.ts";
import { logSoftmax } from "../graph/ops/softmax.ts";
import { count, input, type Shape, scalar, type Value } from "../graph/value.ts";
import { buildNetwork, type NetworkSpec, planNetwork } from "../nets/network.ts";
import { adam, adamScalars } from "../nn/adam.ts";
import { crossEntropy, type DiceOptions, diceLoss, weightedCrossEntropy } from "../nn/loss.ts";
import {
  groupWeights,
  initialVector,
  joinFlat,
  joinParts,
  sizeOf,
  trainingScope,
  type WeightPlan,
  type WeightSpec,
} from "../nn/scope.ts";
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
  /** How Eq. 6 differs from the paper's. */
  readonly dice?: DiceOptions;
  /** Class weights of Eq. 7; only for decision networks. */
  readonly classWeights?: readonly number[];
  /** Most numbers of an input or output of the state, if not 4 MB of them. */
  readonly vectorLength?: number;
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
/** One number a parameter; `buffers` is the fifth vector. */
const PARAMETER_VECTORS = ["parameters", "mean", "square", "largest"] as const;
const VECTORS = [...PARAMETER_VECTORS, "buffers"] as const;

/**
 * Most numbers of an input or output of the state, 4 MB: the passes of Adam over one piece find it in the cache. A step of
 * M3 takes 866 ms of CPU time with all its 26 MB in one, 820 in pieces of 1 to 8 MB, and no less in smaller ones.
 */
const VECTOR_LENGTH = 1_000_000;

/**
 * Steps of one run. Weights and moments go in and come out once a run, and onnxruntime-node copies every output to memory that
 * is new to the process: 5 % of the wall and CPU time of single steps of M1, M2 and M3.
 */
export const STEPS_PER_RUN = 5;

/** An input of the state and its output: numbers `start` to `end` of a vector. */
interface Piece {
  readonly name: string;
  readonly vector: (typeof VECTORS)[number];
  readonly start: number;
  readonly end: number;
}

/** Of part `i` of a parameter vector. */
const nameOf = (vector: Piece["vector"], i: number) => `${vector}${i}`;
/** The output that an input of the state becomes. */
const afterOf = (name: string) => `${name}After`;

const carryOf = (pieces: readonly Piece[]): Carry =>
  Object.fromEntries(pieces.map(({ name }) => [name, afterOf(name)]));

export interface StepGraph {
  /**
   * The file of `steps` steps a run: of one as it is, of more in turns (`writeTurns`). `lowered` for runtimes that say so,
   * in blocks of `block` channels where that is more than one.
   */
  onnx(form: { readonly lowered: boolean; readonly block: number; readonly steps: number }): Uint8Array;
  readonly plan: WeightPlan;
  /** Of each state vector in order, first to last number. */
  readonly pieces: readonly Piece[];
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
    const dice = diceLoss(exp(logProbabilities), targets, options.dice);
    const { crossEntropyWeight: weight = 0 } = options;
    return weight === 0 ? dice : add(dice, mul(crossEntropy(logProbabilities, targets), scalar(weight)));
  }
  return weightedCrossEntropy(logits, targets, options.classWeights ?? Array(spec.outputs).fill(1));
}

/**
 * ONNX graph of a step. Inputs: image [B, C, H, W], targets, the pieces of the state vectors, noise, stepSize, correction.
 * Outputs: loss [], and the pieces with "After" appended.
 */
export function buildStep(spec: NetworkSpec, options: StepOptions): StepGraph {
  const plan = planNetwork(spec, options.batch);
  const image = input("image", [options.batch, ...spec.image]);
  const targetShape = spec.network.task === "segment" ? [options.batch, ...spec.image.slice(1)] : [options.batch];
  const groups = groupWeights(plan.parameters, options.vectorLength ?? VECTOR_LENGTH);
  const state = groups.map((specs, i) => {
    const vector = (name: Piece["vector"]) => input(nameOf(name, i), [sizeOf(specs)]);
    const moments = { mean: vector("mean"), square: vector("square"), largest: vector("largest") };
    return { specs, weights: vector("parameters"), moments };
  });
  const flat = { buffers: input("buffers", [sizeOf(plan.buffers)]), noise: input("noise", [plan.noise]) };
  const parameters = state.map(({ specs, weights }) => ({ specs, vector: weights }));
  const { scope, pieces, buffersAfter } = trainingScope(plan, { ...flat, parameters });
  const logits = buildNetwork(spec, scope, image);
  const loss = lossOf(spec, logits, { targets: input("targets", targetShape, "uint8"), options });
  const gradients = [...gradient([[loss, scalar(options.lossScale)]], pieces)];
  const scalars = { stepSize: input("stepSize", []), correction: input("correction", []) };
  const { weightDecay } = options;
  const updated = state.flatMap(({ specs, weights, moments }, i) => {
    const slope = joinFlat(gradients.splice(0, specs.length));
    const after = adam(weights, slope, { moments, scalars, weightDecay });
    const named = { parameters: after.weights, ...after.moments };
    return PARAMETER_VECTORS.map((name) => [afterOf(nameOf(name, i)), named[name]] as const);
  });
  const outputs = { loss, ...Object.fromEntries(updated), [afterOf("buffers")]: buffersAfter() };
  const listed = listPieces(plan, groups);
  const onnx: StepGraph["onnx"] = ({ lowered, block, steps }) => {
    const made = lowered ? lowerGraph(outputs) : block > 1 ? blockChannels(outputs, block) : outputs;
    return steps > 1 ? writeTurns(made, { carry: carryOf(listed), most: steps }) : writeOnnx(made);
  };
  return { onnx, plan, pieces: listed, image: image.shape, targets: targetShape };
}

function listPieces(plan: WeightPlan, groups: readonly (readonly WeightSpec[])[]): Piece[] {
  const sizes = groups.map(sizeOf);
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b));
  const ofVector = (vector: Piece["vector"]) =>
    ends.map((end, i) => ({ name: nameOf(vector, i), vector, start: end - sizes[i]!, end }));
  const buffers: Piece = { name: "buffers", vector: "buffers", start: 0, end: sizeOf(plan.buffers) };
  return [...PARAMETER_VECTORS.flatMap(ofVector), buffers];
}

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
  /** Weights and moments as they are now, fetched from the device. */
  state(): Promise<TrainState>;
  /** An update with each batch in turn; returns the loss before each. Fastest with `STEPS_PER_RUN` at once. */
  take(batches: readonly StepBatch[]): Promise<number[]>;
  release(): Promise<void>;
}

/** Loads a step graph. Weights and moments stay where it computes. */
export async function createStepper(runtime: Runtime, graph: StepGraph, start: TrainState): Promise<Stepper> {
  // Where the state stays on the device it does not pay to take several steps in one run.
  const steps = runtime.loadCarrying ? 1 : STEPS_PER_RUN;
  const onnx = graph.onnx({ lowered: runtime.lowered ?? false, block: await findBlockSize(runtime), steps });
  const carry = carryOf(graph.pieces);
  const session = (await runtime.loadCarrying?.(onnx, carry)) ?? carryOnHost(await runtime.load(onnx), carry);
  const feed = createFeeds(graph, steps);
  const first = Object.fromEntries(
    graph.pieces.map(({ name, vector: whole, start: from, end }) => [name, vector(start[whole].subarray(from, end))]),
  );
  let done = 0;
  return {
    state: async () => {
      if (done === 0) return start;
      const carried = await session.carried();
      const whole = (name: Piece["vector"]) => {
        const own = graph.pieces.filter(({ vector }) => vector === name);
        const parts = own.map((piece) => carried[piece.name]!.data as Float32Array);
        return parts.length === 1 ? parts[0]! : joinParts(parts);
      };
      const vectors = Object.fromEntries(VECTORS.map((name) => [name, whole(name)])) as Omit<TrainState, "step">;
      return { ...vectors, step: start.step + done };
    },
    take: async (batches) => {
      const losses: number[] = [];
      for (let from = 0; from < batches.length; from += steps) {
        const taken = batches.slice(from, from + steps);
        const feeds = { ...feed(taken, start.step + done + 1), ...(done === 0 ? first : {}) };
        const { loss } = await session.run(feeds, ["loss"]);
        losses.push(...(loss!.data as Float32Array));
        done += taken.length;
      }
      return losses;
    },
    release: () => session.release(),
  };
}

/** Writes batches side by side into the inputs of a run of up to `steps` steps, the first of which is step t of Adam. */
function createFeeds(graph: StepGraph, steps: number) {
  const dims = (shape: Shape) => (steps > 1 ? [steps, ...shape] : shape);
  const make = (shape: Shape) => ({ all: new Float32Array(steps * count(shape)), dims: dims(shape) });
  const [images, noise, stepSizes, corrections] = [graph.image, [graph.plan.noise], [], []].map(make);
  const targets = new Uint8Array(steps * count(graph.targets));
  return (batches: readonly StepBatch[], t: number): Record<string, Tensor> => {
    for (const [i, batch] of batches.entries()) {
      images!.all.set(batch.image, i * count(graph.image));
      targets.set(batch.targets, i * count(graph.targets));
      for (let k = 0; k < graph.plan.noise; k++) noise!.all[i * graph.plan.noise + k] = batch.random.uniform();
      const { stepSize, correction } = adamScalars(batch.learningRate, t + i);
      stepSizes!.all[i] = stepSize;
      corrections!.all[i] = correction;
    }
    const floats = { image: images!, stepSize: stepSizes!, correction: corrections!, noise: noise! };
    const read = Object.entries(floats).filter(([, { all }]) => all.length > 0);
    return {
      ...Object.fromEntries(read.map(([name, { all, dims }]) => [name, vector(all, dims)])),
      targets: { dtype: "uint8", dims: dims(graph.targets), data: targets },
      ...(steps > 1 && { turns: { dtype: "int64", dims: [], data: BigInt64Array.of(BigInt(batches.length)) } }),
    };
  };
}

const vector = (data: Float32Array, dims: Shape = [data.length]): Tensor => ({ dtype: "float32", dims, data });
