/** @file Every op of a graph, in each form that occurs there, on one runtime against another. */

import { writeOnnx } from "../../graph/onnx.ts";
import { apply, count, input, type Node, nodesOf, type Shape, type Value } from "../../graph/value.ts";
import type { DType, Runtime, Tensor } from "../../platform.ts";
import { createRandom, type Random } from "../../random.ts";

export interface OpCheck {
  readonly op: string;
  /** Shapes of the operands: "[8,16,128,128] [16,16,3,3]". */
  readonly operands: string;
  /** Largest difference as a share of the output's largest value; null where the device failed. */
  readonly deviation: number | null;
  readonly problem: string | null;
}

/**
 * Each op and form of `graphs` once: its shapes and its attributes, but for those that ONNX keeps as lists among the inputs
 * (a step cuts hundreds of weights out of one vector by the same kernel).
 */
export function distinctNodes(graphs: readonly (readonly Value[])[]): Node[] {
  const shapes = (values: readonly Value[]) => values.map(({ dtype, shape }) => `${dtype}${shape}`).join(" ");
  const key = ({ op, inputs, outputs, attrs }: Node) => {
    const kept = Object.keys(op.attributes ?? {}).filter((name) => op.attributes![name] !== "input");
    return `${op.type} ${JSON.stringify(kept.map((name) => attrs[name]))} ${shapes(inputs)} -> ${shapes(outputs)}`;
  };
  return [...new Map(graphs.flatMap(nodesOf).map((node) => [key(node), node])).values()];
}

/** Runs one node alone on both, on the same random numbers in [-1, 1). Where the reference gives no number, none is asked for. */
export async function checkOp(
  node: Node,
  { reference, device }: Record<"reference" | "device", Runtime>,
): Promise<OpCheck> {
  const { op, inputs, attrs } = node;
  const random = createRandom(1);
  const feeds: Record<string, Tensor> = {};
  const operands = inputs.map((value, i) => {
    if (value.source.kind === "constant") return value;
    const tensor = randomTensor(value.dtype as DType, value.shape, random);
    feeds[`x${i}`] = tensor;
    return input(`x${i}`, value.shape, tensor.dtype);
  });
  const outputs = Object.fromEntries(apply(op, operands, attrs as never).map((value, i) => [`y${i}`, value]));
  const onnx = writeOnnx(outputs);
  const about = { op: op.type, operands: inputs.map(({ shape }) => `[${shape}]`).join(" ") };
  const expected = await runOnce(reference, onnx, feeds);
  try {
    const found = await runOnce(device, onnx, feeds);
    const deviations = Object.keys(outputs).map((name) => deviation(found[name]!.data, expected[name]!.data));
    return { ...about, deviation: Math.max(...deviations), problem: null };
  } catch (error) {
    return { ...about, deviation: null, problem: (error as Error).message.split("\n")[0]! };
  }
}

async function runOnce(runtime: Runtime, onnx: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await runtime.load(onnx);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function randomTensor(dtype: DType, dims: Shape, random: Random): Tensor {
  const length = count(dims);
  const small = () => random.integer(2);
  const data = {
    float32: () => Float32Array.from({ length }, () => 2 * random.uniform() - 1),
    int64: () => BigInt64Array.from({ length }, () => BigInt(small())),
    int32: () => Int32Array.from({ length }, small),
    uint8: () => Uint8Array.from({ length }, small),
    bool: () => Uint8Array.from({ length }, small),
  }[dtype]();
  return { dtype, dims, data };
}

function deviation(found: Tensor["data"], expected: Tensor["data"]): number {
  let [largest, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const wanted = Number(expected[i]);
    if (!Number.isFinite(wanted)) continue;
    scale = Math.max(scale, Math.abs(wanted));
    const off = Math.abs(Number(found[i]) - wanted);
    largest = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(largest, off);
  }
  return largest === 0 ? 0 : largest / scale;
}
