/** The weight's gradient in blocked memory against the products of plain rows. */
import { beforeAll, expect, test } from "vitest";
import { evaluate, floats } from "../../../test/evaluate.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import { createRandom } from "../../random.ts";
import { weightCotangent } from "../ops/conv.ts";
import { count, input, type Shape } from "../value.ts";
import { findBlockSize } from "./block-channels.ts";
import { block } from "./nchwc.ts";
import { blockedWeightGrad } from "./weight-grad.ts";

let size = 1;
beforeAll(async () => {
  size = await findBlockSize(await createNodeRuntime({ threads: 1 }));
});

const values = (shape: Shape, seed: number) => {
  const random = createRandom(seed);
  return floats(
    Array.from({ length: count(shape) }, () => random.uniform() - 0.5),
    shape,
  );
};

const same = { strides: [1, 1], pads: [1, 1, 1, 1] };
const halved = { strides: [2, 2], pads: [1, 1, 1, 1] };
const none = [0, 0, 0, 0];

test.each([
  ["3x3", [2, 16, 4, 32], [2, 16, 4, 32], { kernel: [3, 3], ...same }],
  ["more channels than pixels", [2, 64, 2, 16], [2, 48, 2, 16], { kernel: [3, 3], ...same }],
  ["channels that fill no block", [2, 12, 4, 16], [2, 20, 4, 16], { kernel: [3, 3], ...same }],
  ["1x1", [2, 16, 3, 16], [2, 32, 3, 16], { kernel: [1, 1], strides: [1, 1], pads: none }],
  ["1x1 to fewer channels", [2, 32, 3, 16], [2, 16, 3, 16], { kernel: [1, 1], strides: [1, 1], pads: none }],
  ["5x3", [1, 16, 6, 16], [1, 16, 6, 16], { kernel: [5, 3], strides: [1, 1], pads: [2, 1, 2, 1] }],
  ["3x3, stride 2", [2, 16, 8, 32], [2, 32, 4, 16], { kernel: [3, 3], ...halved }],
  ["3x3, stride 2, odd lines", [2, 16, 7, 31], [2, 16, 4, 16], { kernel: [3, 3], ...halved }],
  ["2x2 windows", [2, 16, 4, 32], [2, 16, 2, 16], { kernel: [2, 2], strides: [2, 2], pads: none }],
])("%s", async (_, xShape, dyShape, attrs) => {
  if (size === 1) return;
  const [x, dy] = [input("x", xShape), input("dy", dyShape)];
  const sizes = { block: size, inputs: xShape[1]!, outputs: dyShape[1]! };
  const found = blockedWeightGrad(block(x, size), block(dy, size), attrs, sizes)!;
  const expected = weightCotangent(x, dy, { ...attrs, group: 1 });
  const result = await evaluate({ found, expected }, { x: values(xShape, 1), dy: values(dyShape, 2) });
  expect(result["found"]!.dims).toEqual([dyShape[1]!, xShape[1]!, ...attrs.kernel]);
  const difference = [...(result["found"]!.data as Float32Array)].map((value, i) =>
    Math.abs(value - Number(result["expected"]!.data[i])),
  );
  expect(Math.max(...difference)).toBeLessThan(1e-4);
});

test.each([
  ["lines that are no whole tiles", [1, 16, 4, 20], [1, 16, 4, 20], { kernel: [3, 3], ...same }],
  ["an output smaller than its image", [1, 16, 6, 18], [1, 16, 4, 16], { kernel: [3, 3], strides: [1, 1], pads: none }],
  ["pads on one side", [1, 16, 7, 32], [1, 16, 4, 16], { kernel: [3, 3], strides: [2, 2], pads: [2, 1, 0, 1] }],
])("not for %s", (_, xShape, dyShape, attrs) => {
  const sizes = { block: 16, inputs: 16, outputs: 16 };
  expect(blockedWeightGrad(input("x", xShape), input("dy", dyShape), attrs, sizes)).toBeNull();
});
