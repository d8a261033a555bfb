/** Blocked graphs against the same graphs in ONNX's own ops, outputs and gradients. */
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate, floats } from "../../../test/evaluate.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import { createRandom } from "../../random.ts";
import { gradient } from "../gradient.ts";
import { conv, convTranspose } from "../ops/conv.ts";
import { add, mul, relu } from "../ops/elementwise.ts";
import { batchNormalizationTraining } from "../ops/norm.ts";
import { reduceSum } from "../ops/reduce.ts";
import { concat } from "../ops/shape.ts";
import { count, input, nodesOf, type Shape, scalar, type Value } from "../value.ts";
import { blockChannels, findBlockSize } from "./block-channels.ts";

let size = 1;
beforeAll(async () => {
  size = await findBlockSize(await createNodeRuntime({ threads: 1 }));
});

test("without blocked kernels a block is one channel", async () => {
  const load = () => Promise.reject(new Error("no such op"));
  expect(await findBlockSize({ name: "", device: "cpu", load })).toBe(1);
  expect(await findBlockSize({ name: "", device: "cuda", load })).toBe(1);
});

test("a block is a power of two", () => {
  expect([1, 4, 8, 16, 32]).toContain(size);
});

/** A small U-Net with everything that the rules know: batch norms, residual sums, dropout, down, up and a head. */
function network(width: number) {
  const inputs: Value[] = [];
  const take = (name: string, shape: Shape) => {
    inputs.push(input(name, shape));
    return inputs.at(-1)!;
  };
  const weighted = (x: Value, out: number, { kernel = 3, stride = 1 } = {}) => {
    const name = `conv${inputs.length}`;
    const weight = take(name, [out, x.shape[1]!, kernel, kernel]);
    const pads = Array(4).fill((kernel - 1) / 2);
    return conv(x, weight, { group: 1, strides: [stride, stride], pads }, take(`${name}.bias`, [out]));
  };
  const norm = (x: Value) => {
    const [c, name] = [x.shape[1]!, `norm${inputs.length}`];
    return batchNormalizationTraining(x, [take(name, [c]), take(`${name}.bias`, [c])], 1e-5)[0]!;
  };
  const dropped = mul(weighted(take("x", [2, 4, 6, 10]), width), take("mask", [2, width, 1, 1]));
  const fine = add(weighted(relu(norm(dropped)), width), dropped);
  const coarse = relu(norm(weighted(fine, 2 * width, { stride: 2 })));
  const attrs = { group: 1, strides: [2, 2], pads: [0, 0, 0, 0], output_padding: [0, 0] };
  const up = convTranspose(coarse, take("up", [2 * width, width, 2, 2]), attrs, take("up.bias", [width]));
  const joined = weighted(concat([fine, up], 1), width, { kernel: 1 });
  const logits = weighted(add(relu(norm(joined)), joined), 3, { kernel: 1 });
  const loss = reduceSum(mul(logits, logits), [0, 1, 2, 3]);
  const slopes = gradient([[loss, scalar(1)]], inputs);
  const named = Object.fromEntries(
    slopes.map((slope, i) => [`d ${(inputs[i]!.source as { name: string }).name}`, slope]),
  );
  return { inputs, outputs: { logits, ...named } };
}

describe.each([
  ["whole blocks", 16],
  ["blocks that are not full", 12],
])("%s", (_, width) => {
  test("every output and gradient is the same", async () => {
    const { inputs, outputs } = network(width);
    const random = createRandom(5);
    const feeds = inputs.map(({ shape, source }) => {
      const values = Array.from({ length: count(shape) }, () => random.uniform() - 0.4);
      return [(source as { name: string }).name, floats(values, shape)] as const;
    });
    const blocked = size > 1 ? blockChannels(outputs, size) : outputs;
    const inBlocks = nodesOf(Object.values(blocked)).filter(({ op }) => op.domain === "com.microsoft.nchwc");
    expect(inBlocks.length > 40 || size === 1).toBe(true);
    const [expected, found] = [
      await evaluate(outputs, Object.fromEntries(feeds)),
      await evaluate(blocked, Object.fromEntries(feeds)),
    ];
    for (const [name, { data, dims }] of Object.entries(expected)) {
      expect(found[name]!.dims, name).toEqual(dims);
      const scale = Math.max(...(data as Float32Array).map(Math.abs));
      const apart = (data as Float32Array).map((value, i) => Math.abs(value - Number(found[name]!.data[i])));
      // The bias before a batch norm has slope 0: what is found is rounding of slopes of the size of its weight's.
      expect(Math.max(...apart), name).toBeLessThan(2e-5 * scale + 2e-3);
    }
  });
});
