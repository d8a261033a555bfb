/**
 * @file Where a network's weights come from. A network is a function of a scope: building it in different scopes gives
 * the list of its parameters, its training graph, or its inference graph.
 */

import { add, mul } from "../graph/ops/elementwise.ts";
import { concat, reshape, slice, split } from "../graph/ops/shape.ts";
import { constant, count, input, type Shape, scalar, type Value } from "../graph/value.ts";
import type { Random } from "../random.ts";
import { type Init, initialize } from "./init.ts";

export interface Scope {
  readonly training: boolean;
  /** A trained weight. `name` is appended to the scope's path: "encoder1.0.conv1.weight". */
  parameter(name: string, shape: Shape, init: Init): Value;
  /** A running statistic: kept with the weights, not trained. */
  buffer(name: string, shape: Shape, fill: number): Value;
  /** A statistic of this training step's batch: the buffer moves a tenth towards it. */
  update(name: string, value: Value): void;
  /** Random numbers of this training step, uniform in [0, 1), for dropout: shape [length]. */
  noise(length: number): Value;
  child(name: string): Scope;
}

const MOMENTUM = 0.1;

/** A weight or buffer: its key as in a PyTorch state dict. */
export interface WeightSpec {
  readonly key: string;
  readonly shape: Shape;
  readonly init: Init;
}

/** All weights of a network in order of use. `parameters` and `buffers` each lie in one flat vector in this order. */
export interface WeightPlan {
  readonly parameters: readonly WeightSpec[];
  readonly buffers: readonly WeightSpec[];
  /** Random numbers that one training step consumes. */
  readonly noise: number;
}

/** Weights by key. */
export type Weights = Readonly<Record<string, Float32Array>>;

type Take = (key: string, shape: Shape, init: Init) => Value;

interface Sources {
  readonly training: boolean;
  readonly parameter: Take;
  readonly buffer: Take;
  readonly update: (key: string, value: Value) => void;
  readonly noise: (length: number) => Value;
}

function scopeAt(path: string, sources: Sources): Scope {
  return {
    training: sources.training,
    parameter: (name, shape, init) => sources.parameter(path + name, shape, init),
    buffer: (name, shape, fill) => sources.buffer(path + name, shape, { kind: "constant", value: fill }),
    update: (name, value) => sources.update(path + name, value),
    noise: sources.noise,
    child: (name) => scopeAt(`${path}${name}.`, sources),
  };
}

/** The weights that `build` asks for. The graph that it builds meanwhile is returned too: it is enough to count costs. */
export function planWeights<T>(build: (scope: Scope) => T, training: boolean): { plan: WeightPlan; built: T } {
  const parameters: WeightSpec[] = [];
  const buffers: WeightSpec[] = [];
  let noise = 0;
  const record =
    (list: WeightSpec[]): Take =>
    (key, shape, init) => {
      if ([...parameters, ...buffers].some((spec) => spec.key === key))
        throw new Error(`weight "${key}" is used twice`);
      list.push({ key, shape, init });
      return input(key, shape);
    };
  const built = build(
    scopeAt("", {
      training,
      parameter: record(parameters),
      buffer: record(buffers),
      update: () => {},
      noise: (length) => {
        noise += length;
        return input("noise", [length]);
      },
    }),
  );
  return { plan: { parameters, buffers, noise }, built };
}

/** Whole weights in the plan's order, in groups of at most `most` numbers; a larger weight is a group of its own. */
export function groupWeights(specs: readonly WeightSpec[], most: number): readonly (readonly WeightSpec[])[] {
  const groups: WeightSpec[][] = [];
  for (const spec of specs) {
    const last = groups.at(-1);
    if (last && sizeOf(last) + count(spec.shape) <= most) last.push(spec);
    else groups.push([spec]);
  }
  return groups;
}

export const sizeOf = (specs: readonly WeightSpec[]): number => specs.reduce((sum, { shape }) => sum + count(shape), 0);

/** Initial values of one flat vector. */
export function initialVector(specs: readonly WeightSpec[], random: Random): Float32Array {
  const flat = new Float32Array(sizeOf(specs));
  for (const [i, part] of Object.values(namedParts(specs, flat)).entries()) initialize(part, specs[i]!.init, random);
  return flat;
}

/** Names the parts of a flat vector; the parts share its memory. */
export function namedParts(specs: readonly WeightSpec[], flat: Float32Array): Record<string, Float32Array> {
  let end = 0;
  return Object.fromEntries(
    specs.map(({ key, shape }) => {
      end += count(shape);
      return [key, flat.subarray(end - count(shape), end)];
    }),
  );
}

/** A flat vector of its parts: `namedParts` undone, in memory of its own. */
export function joinParts(parts: readonly Float32Array[]): Float32Array {
  const flat = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  return flat;
}

export interface TrainingScope {
  readonly scope: Scope;
  /** The pieces of `parameters`, in the plan's order: what the loss is differentiated by. */
  readonly pieces: readonly Value[];
  /** The flat vector of the buffers after the step. */
  buffersAfter(): Value;
}

/** Inputs of a training graph. */
export interface FlatInputs {
  /** A vector for each of some groups that together are the plan's parameters. */
  readonly parameters: readonly { readonly specs: readonly WeightSpec[]; readonly vector: Value }[];
  readonly buffers: Value;
  readonly noise: Value;
}

/** Scope of a training graph: weights are parts of the flat inputs, noise of the input `noise`. */
export function trainingScope(plan: WeightPlan, flat: FlatInputs): TrainingScope {
  const pieces = (specs: readonly WeightSpec[], vector: Value) => {
    const parts = specs.length
      ? split(
          vector,
          0,
          specs.map(({ shape }) => count(shape)),
        )
      : [];
    return parts.map((part, i) => reshape(part, specs[i]!.shape));
  };
  const parameters = flat.parameters.flatMap(({ specs, vector }) => pieces(specs, vector));
  const buffers = pieces(plan.buffers, flat.buffers);
  const indexOf = (specs: readonly WeightSpec[]) => new Map(specs.map(({ key }, i) => [key, i]));
  const [parameterAt, bufferAt] = [indexOf(plan.parameters), indexOf(plan.buffers)];
  const statistics = [...buffers];
  let used = 0;
  const scope = scopeAt("", {
    training: true,
    parameter: (key) => parameters[parameterAt.get(key)!]!,
    buffer: (key) => buffers[bufferAt.get(key)!]!,
    update: (key, value) => {
      statistics[bufferAt.get(key)!] = value;
    },
    noise: (length) => {
      used += length;
      return slice(flat.noise, { axes: [0], starts: [used - length], ends: [used] });
    },
  });
  const buffersAfter = () => {
    // A network without batch norms has no buffers: the empty vector goes through.
    if (statistics.length === 0) return mul(flat.buffers, scalar(1));
    return add(mul(flat.buffers, scalar(1 - MOMENTUM)), mul(joinFlat(statistics), scalar(MOMENTUM)));
  };
  return { scope, pieces: parameters, buffersAfter };
}

/** All numbers of some values as one vector. */
export const joinFlat = (values: readonly Value[]): Value =>
  concat(
    values.map((value) => reshape(value, [count(value.shape)])),
    0,
  );

/** Scope of an inference graph: every weight is a constant of the file, named by its key. */
export function inferenceScope(weights: (key: string, shape: Shape) => Value): Scope {
  return scopeAt("", {
    training: false,
    parameter: weights,
    buffer: weights,
    update: () => {},
    noise: () => {
      throw new Error("inference draws no random numbers");
    },
  });
}

/** Weights as they are, float32. */
export const plainWeights =
  (weights: Weights) =>
  (key: string, shape: Shape): Value => {
    const data = weights[key];
    if (!data) throw new Error(`weight "${key}" of shape [${shape}] is missing`);
    return constant(data, shape, key);
  };
