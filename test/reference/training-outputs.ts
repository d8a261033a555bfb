/** @file Outputs of networks with the reference weights under batch statistics, as PyTorch gives them in training. */

import { softmax } from "../../src/graph/ops/softmax.ts";
import { constant, count, input } from "../../src/graph/value.ts";
import { buildNetwork, type NetworkSpec, planNetwork } from "../../src/nets/network.ts";
import { initialVector, sizeOf, trainingScope, type WeightPlan } from "../../src/nn/scope.ts";
import { createRandom } from "../../src/random.ts";
import { evaluate, floats } from "../evaluate.ts";
import { fillParameters, imageOf } from "./fill.ts";

/** A training scope in which the weights are constants. */
export function constantScope(plan: WeightPlan, parameters: Float32Array) {
  const vector = (data: Float32Array) => constant(data, [data.length]);
  const buffers = initialVector(plan.buffers, createRandom(1));
  return trainingScope(plan, {
    parameters: [{ specs: plan.parameters, vector: vector(parameters) }],
    buffers: vector(buffers),
    noise: input("noise", [plan.noise]),
  });
}

/** Logits of a decision network, probabilities of another, made for the size of `shape`. */
export async function trainingOutputs(spec: NetworkSpec, shape: readonly number[]): Promise<Float32Array> {
  const sized: NetworkSpec = { ...spec, image: shape.slice(1) };
  const plan = planNetwork(sized, shape[0]!);
  const parameters = new Float32Array(sizeOf(plan.parameters));
  fillParameters(plan, parameters);
  const logits = buildNetwork(sized, constantScope(plan, parameters).scope, input("image", shape));
  const output = sized.network.task === "segment" ? softmax(logits, 1) : logits;
  const { found } = await evaluate({ found: output }, { image: floats(imageOf(count(shape)), shape) });
  return found!.data as Float32Array;
}
