import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { add, mul } from "../graph/ops/elementwise.ts";
import { concat, reshape } from "../graph/ops/shape.ts";
import { count, input } from "../graph/value.ts";
import { createRandom } from "../random.ts";
import { ones, zero } from "./init.ts";
import {
  groupWeights,
  inferenceScope,
  initialVector,
  namedParts,
  plainWeights,
  planWeights,
  type Scope,
  sizeOf,
  trainingScope,
} from "./scope.ts";

/** Two weights, a buffer that doubles in every step, and two draws of noise. */
function build(scope: Scope) {
  const block = scope.child("block");
  const weight = reshape(block.parameter("weight", [2, 1], ones), [2]);
  const shift = block.child("0").parameter("bias", [1], zero);
  const running = scope.buffer("running", [1], 3);
  scope.update("running", add(running, running));
  const noise = scope.training ? concat([scope.noise(1), scope.noise(2)], 0) : running;
  return { y: add(mul(weight, shift), running), noise: mul(noise, noise) };
}

describe("a plan", () => {
  const { plan } = planWeights(build, true);

  test("lists weights and buffers in order of use, and counts the noise", () => {
    expect(plan.parameters.map(({ key, shape }) => [key, shape])).toEqual([
      ["block.weight", [2, 1]],
      ["block.0.bias", [1]],
    ]);
    expect(plan.buffers).toEqual([{ key: "running", shape: [1], init: { kind: "constant", value: 3 } }]);
    expect(plan.noise).toBe(3);
    expect([sizeOf(plan.parameters), sizeOf(plan.buffers), sizeOf([])]).toEqual([3, 1, 0]);
  });

  test("its flat vector starts with each weight's own values, and the named parts share its memory", () => {
    const flat = initialVector(plan.parameters, createRandom(1));
    expect([...flat]).toEqual([1, 1, 0]);
    const parts = namedParts(plan.parameters, flat);
    parts["block.0.bias"]![0] = 7;
    expect([...flat]).toEqual([1, 1, 7]);
  });

  test.each([
    { most: 3, sizes: [[2, 1]] },
    { most: 2, sizes: [[2], [1]] },
    { most: 1, sizes: [[2], [1]] }, // a weight is never divided
  ])("groups of at most $most numbers", ({ most, sizes }) => {
    const groups = groupWeights(plan.parameters, most);
    expect(groups.map((specs) => specs.map(({ shape }) => count(shape)))).toEqual(sizes);
  });

  test("refuses one key for two weights", () => {
    const twice = (scope: Scope) => [scope.parameter("w", [1], ones), scope.buffer("w", [1], 0)];
    expect(() => planWeights(twice, true)).toThrow('weight "w" is used twice');
  });

  test("in training: the parts of the flat vectors, noise drawn once, buffers after the step", async () => {
    const parameters = [{ specs: plan.parameters, vector: input("parameters", [3]) }];
    const flat = { parameters, buffers: input("buffers", [1]), noise: input("noise", [3]) };
    const { scope, pieces, buffersAfter } = trainingScope(plan, flat);
    expect(pieces.map(({ shape }) => shape)).toEqual([[2, 1], [1]]);
    const { y, noise } = build(scope);
    const found = await evaluate(
      { y, squares: noise, after: buffersAfter() },
      { parameters: floats([2, 3, 10]), buffers: floats([1]), noise: floats([4, 5, 6]) },
    );
    const numbers = Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, [...data]]));
    // The batch's statistic is twice the buffer: 0.9 x 1 + 0.1 x 2.
    expect(numbers).toEqual({ y: [21, 31], squares: [16, 25, 36], after: [expect.closeTo(1.1)] });
  });

  test("in inference: constants by key", async () => {
    const weights = {
      "block.weight": Float32Array.of(2, 3),
      "block.0.bias": Float32Array.of(10),
      running: Float32Array.of(1),
    };
    const { y } = build(inferenceScope(plainWeights(weights)));
    expect([...(await evaluate({ y }))["y"]!.data]).toEqual([21, 31]);
    expect(() => build(inferenceScope(plainWeights({})))).toThrow('weight "block.weight" of shape [2,1] is missing');
    expect(() => inferenceScope(plainWeights({})).noise(1)).toThrow("inference draws no random numbers");
  });
});
