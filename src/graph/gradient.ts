/** @file Reverse-mode differentiation. The backward pass is made of ordinary values and runs like any other graph. */

import { add } from "./ops/elementwise.ts";
import { reduceSum } from "./ops/reduce.ts";
import { reshape } from "./ops/shape.ts";
import { type Node, nodesOf, type Shape, type Value } from "./value.ts";

/**
 * Cotangents of `targets` for the sum of `seeds`: each pairs a value with the cotangent that enters there (for a scalar
 * loss: `[loss, scalar(1)]`). A target that no seeded value depends on is an error.
 */
export function gradient(seeds: readonly (readonly [Value, Value])[], targets: readonly Value[]): Value[] {
  const nodes = nodesOf(seeds.map(([value]) => value));
  const onPath = valuesThatNeed(nodes, targets);
  const cotangents = new Map<Value, Value>();
  const accumulate = (value: Value, cotangent: Value) => {
    const earlier = cotangents.get(value);
    cotangents.set(value, earlier ? add(earlier, cotangent) : cotangent);
  };
  for (const [value, cotangent] of seeds) accumulate(value, cotangent);
  for (const node of nodes.toReversed()) {
    const incoming = node.outputs.map((output) => cotangents.get(output) ?? null);
    const needs = node.inputs.map((value) => onPath.has(value));
    if (incoming.every((cotangent) => cotangent === null) || !needs.includes(true)) continue;
    for (const [i, cotangent] of backward(node, incoming, needs).entries())
      if (cotangent && needs[i]) accumulate(node.inputs[i]!, undoBroadcast(cotangent, node.inputs[i]!.shape));
  }
  return targets.map((target) => {
    const found = cotangents.get(target);
    if (!found) throw new Error(`gradient: the loss does not depend on a target of shape [${target.shape}]`);
    return found;
  });
}

function backward(node: Node, cotangents: readonly (Value | null)[], needs: readonly boolean[]) {
  const { op, inputs, outputs, attrs } = node;
  if (op.grad === "none") return [];
  return op.grad({ inputs, outputs, attrs: attrs as never, cotangents, needs });
}

/** Every value on a path from a target to the seeded values. */
function valuesThatNeed(nodes: readonly Node[], targets: readonly Value[]): Set<Value> {
  const onPath = new Set(targets);
  for (const node of nodes)
    if (node.inputs.some((value) => onPath.has(value))) for (const output of node.outputs) onPath.add(output);
  return onPath;
}

/** Sums a cotangent over the axes along which its value was broadcast. */
function undoBroadcast(cotangent: Value, shape: Shape): Value {
  if (cotangent.shape.length === shape.length && cotangent.shape.every((n, i) => n === shape[i])) return cotangent;
  const lead = cotangent.shape.length - shape.length;
  const axes = cotangent.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  const summed = axes.length > 0 ? reduceSum(cotangent, axes, true) : cotangent;
  return lead > 0 ? reshape(summed, shape) : summed;
}
