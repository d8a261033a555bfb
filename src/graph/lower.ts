/** @file Graphs for devices that lack a kernel: each op with a `lowering` becomes the ops that it is made of. */

import { apply, nodesOf, type Op, type Value } from "./value.ts";

/** The same outputs, computed with ops that every device runs (CUDA, WebGPU; ONNX Runtime 1.30). */
export const lowerGraph = (outputs: Readonly<Record<string, Value>>): Record<string, Value> =>
  expand(outputs, () => true);

/** The same outputs without composites: all ops are ONNX's. */
export const expandComposites = (outputs: Readonly<Record<string, Value>>): Record<string, Value> =>
  expand(outputs, (op) => op.composite ?? false);

function expand(outputs: Readonly<Record<string, Value>>, takes: (op: Op) => boolean): Record<string, Value> {
  const lowered = new Map<Value, Value>();
  const now = (value: Value) => lowered.get(value) ?? value;
  for (const { op, inputs, attrs, outputs: results } of nodesOf(Object.values(outputs))) {
    const operands = inputs.map(now);
    const parts = takes(op) ? op.lowering?.(operands, attrs as never) : null;
    if (!parts && operands.every((value, i) => value === inputs[i])) continue;
    const made = parts ?? apply(op, operands, attrs as never);
    for (const [i, result] of results.entries()) lowered.set(result, made[i]!);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, now(value)]));
}
