/** @file What an architecture is: one function from a scope and an image to logits. */

import { UserError } from "../error.ts";
import { cost } from "../graph/cost.ts";
import { BATCH, type Cost, input, type Shape, type Value } from "../graph/value.ts";
import { planWeights, type Scope, sizeOf, type WeightPlan } from "../nn/scope.ts";

export interface Network<C extends object = never> {
  /** "segment": logits [N, outputs, ...size]; "decide": logits [N, outputs]. */
  readonly task: "segment" | "decide";
  /** Spatial axes of its image; absent: 2. */
  readonly dimensions?: 3;
  /** Those of the paper's sides that it can take; absent: 128, with two axes 240 too. */
  readonly sides?: readonly number[];
  readonly title: string;
  readonly defaults: C;
  build(scope: Scope, image: Value, options: { outputs: number; config: C }): Value;
}

export const defineNetwork = <C extends object>(network: Network<C>): Network<C> => network;

/** A network with everything that fixes its graph. */
export interface NetworkSpec {
  readonly network: Network;
  readonly config: object;
  readonly outputs: number;
  /** [C, H, W], or [C, D, H, W] */
  readonly image: Shape;
}

/** Logits of a spec in a scope. Throws a `UserError` where the image has another number of axes than the network. */
export function buildNetwork({ network, config, outputs }: NetworkSpec, scope: Scope, image: Value): Value {
  const { title, dimensions = 2, defaults } = network;
  const axes = image.shape.length - 2;
  if (axes !== dimensions) throw new UserError(`${title} takes images of ${dimensions} axes, not of ${axes}`);
  return network.build(scope, image, { outputs, config: { ...(defaults as object), ...config } as never });
}

/** The weights of a spec, and the random numbers of a training step, as its training graph of this batch uses them. */
export const planNetwork = (spec: NetworkSpec, batch: number): WeightPlan =>
  planWeights((scope) => buildNetwork(spec, scope, input("image", [batch, ...spec.image])), true).plan;

/** Trained parameters and the cost of one image. */
export function measureNetwork(spec: NetworkSpec): { parameters: number } & Cost {
  const build = (scope: Scope) => buildNetwork(spec, scope, input("image", [BATCH, ...spec.image]));
  const { plan, built } = planWeights(build, false);
  return { parameters: sizeOf(plan.parameters), ...cost([built]) };
}
