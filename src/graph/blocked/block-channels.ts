/** @file Rewrites a graph of images so that its activations stay in the blocked memory of ONNX Runtime's CPU kernels. */

import type { Runtime } from "../../platform.ts";
import { writeOnnx } from "../onnx.ts";
import { apply, input, type Node, nodesOf, type Value } from "../value.ts";
import { createLayouts, type Made } from "./layouts.ts";
import { block } from "./nchwc.ts";
import { rules } from "./rules.ts";

/** The same outputs from blocked convolutions; `size` channels lie side by side in memory (`findBlockSize`). */
export function blockChannels(outputs: Readonly<Record<string, Value>>, size: number): Record<string, Value> {
  const values = Object.values(outputs);
  const layouts = createLayouts(values, size);
  for (const node of nodesOf(values)) {
    const made = rules[node.op.type]?.(node, layouts) ?? keep(node, layouts.plain);
    for (const [i, one] of made.entries()) layouts.set(node.outputs[i]!, one);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, layouts.plain(value)]));
}

function keep({ op, inputs, attrs, outputs }: Node, plain: (value: Value) => Value): readonly Made[] {
  const operands = inputs.map(plain);
  const changed = operands.some((value, i) => value !== inputs[i]);
  return (changed ? apply(op, operands, attrs as never) : outputs).map((value) => ({ plain: value }));
}

/** Channels of a block of the runtime's convolutions: 16 with AVX-512, 8 with AVX2; 1: it has no such kernels. */
export async function findBlockSize(runtime: Runtime): Promise<number> {
  if (runtime.device !== "cpu") return 1;
  const channels = 64; // whole blocks of every size
  const onnx = writeOnnx({ blocked: block(input("x", [1, channels, 1, 2]), channels) });
  const session = await runtime.load(onnx).catch(() => null);
  if (!session) return 1;
  const data = Float32Array.from({ length: 2 * channels }, (_, i) => i % 2);
  const { blocked } = await session.run({ x: { dtype: "float32", dims: [1, channels, 1, 2], data } });
  await session.release();
  return (blocked!.data as Float32Array).indexOf(1); // the first block of the second pixel
}
