/** @file Runs values on ONNX Runtime's CPU, one thread, for tests. */

import { writeOnnx } from "../src/graph/onnx.ts";
import type { Value } from "../src/graph/value.ts";
import { createNodeRuntime } from "../src/node/runtime.ts";
import type { Tensor } from "../src/platform.ts";

/** The values of `outputs` where the inputs have the values of `feeds`. */
export async function evaluate(
  outputs: Readonly<Record<string, Value>>,
  feeds: Record<string, Tensor> = {},
): Promise<Record<string, Tensor>> {
  const session = await (await createNodeRuntime({ threads: 1 })).load(writeOnnx(outputs));
  const results = await session.run(feeds);
  await session.release();
  return results;
}

/** A float32 tensor, by default a vector. */
export const floats = (values: Iterable<number>, dims?: readonly number[]): Tensor => {
  const data = Float32Array.from(values);
  return { dtype: "float32", dims: dims ?? [data.length], data };
};
