import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { add } from "../graph/ops/elementwise.ts";
import { constant, count, input, type Shape, type Value } from "../graph/value.ts";
import { createRandom } from "../random.ts";
import {
  batchNorm,
  channelDropout,
  convolve,
  dropout,
  groupNorm,
  itemDropout,
  layerNorm,
  linear,
  upConvolve,
} from "./layers.ts";
import { inferenceScope, plainWeights, planWeights, type Scope, trainingScope } from "./scope.ts";

const known = (weights: Record<string, number[]>) =>
  inferenceScope(
    plainWeights(Object.fromEntries(Object.entries(weights).map(([key, values]) => [key, Float32Array.from(values)]))),
  );
const values = (data: readonly number[], ...shape: number[]) => constant(Float32Array.from(data), shape);
const run = async (value: Value) => [...((await evaluate({ value }))["value"]!.data as Float32Array)];
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, v] of expected.entries()) expect(found[i]).toBeCloseTo(v, 4);
};

describe("layers by hand", () => {
  test("convolve: the default padding keeps the size, zeros outside", async () => {
    const scope = known({ weight: [0, 0, 0, 1, 1, 1, 0, 0, 0], bias: [10] });
    close(await run(convolve(scope, values([1, 2, 3, 4], 1, 1, 1, 4), { out: 1, kernel: 3 })), [13, 16, 19, 17]);
  });
  test("convolve: stride 2 reads every second pixel, no bias when not asked", async () => {
    const y = convolve(known({ weight: [5] }), values([1, 2, 3, 4], 1, 1, 2, 2), {
      out: 1,
      kernel: 1,
      stride: 2,
      bias: false,
    });
    close(await run(y), [5]);
  });
  test("upConvolve: every pixel becomes the kernel, scaled", async () => {
    const y = upConvolve(known({ weight: [1, 2, 3, 4], bias: [0.5] }), values([1, 10], 1, 1, 1, 2), {
      out: 1,
      kernel: 2,
    });
    expect(y.shape).toEqual([1, 1, 2, 4]);
    close(await run(y), [1.5, 2.5, 10.5, 20.5, 3.5, 4.5, 30.5, 40.5]);
  });
  test("convolve: over as many axes as the image has, each with its own kernel and stride", async () => {
    const volume = values([1, 2, 3, 4, 5, 6, 7, 8], 1, 1, 2, 2, 2);
    const sums = { out: 1, kernel: [1, 2, 2], padding: 0, bias: false };
    close(await run(convolve(known({ weight: [1, 1, 1, 1] }), volume, sums)), [10, 26]);
    const corners = convolve(known({ weight: [1] }), volume, { out: 1, kernel: 1, stride: [2, 1, 2], bias: false });
    expect(corners.shape).toEqual([1, 1, 1, 2, 1]);
    close(await run(corners), [1, 3]);
  });
  test("convolve: the weight is changed before it is used, as told", async () => {
    const doubled = { out: 1, kernel: 1, bias: false, standardize: (weight: Value) => add(weight, weight) };
    close(await run(convolve(known({ weight: [3] }), values([1, 2], 1, 1, 2), doubled)), [6, 12]);
  });
  test("upConvolve: overlapping windows add up, an odd pixel too much is cut in front", async () => {
    const x = values([1, 10], 1, 1, 2);
    const even = upConvolve(known({ weight: [1, 2, 3, 4] }), x, { out: 1, kernel: 4, stride: 2, bias: false });
    close(await run(even), [2, 3 + 10, 4 + 20, 30]);
    const odd = upConvolve(known({ weight: [1, 2, 3] }), x, { out: 1, kernel: 3, stride: 2, bias: false });
    close(await run(odd), [2, 3 + 10, 20, 30]);
  });
  test("groupNorm: each item's groups of channels apart, then scale and bias a channel", async () => {
    const scope = known({ weight: [1, 10, 1, 1], bias: [0, 0, 5, 0] });
    const x = values([1, 3, 10, 30, 0, 0, 2, 2], 2, 4, 1); // groups [1, 3], [10, 30]; [0, 0], [2, 2]
    close(await run(groupNorm(scope, x, { groups: 2 })), [-1, 10, 4, 1, 0, 0, 5, 0]);
    expect(() => groupNorm(scope, x, { groups: 3 })).toThrow("groupNorm: 3 groups must divide 4 channels");
  });
  test("linear: x W^T + b", async () => {
    const scope = known({ weight: [1, 2, 3, 4, 5, 6], bias: [0, 100, 0] });
    close(await run(linear(scope, values([1, 1, 1, 0], 2, 2), { out: 3 })), [3, 107, 11, 1, 103, 5]);
  });
  test("layerNorm: [1, 3] becomes -1, 1, then scale and bias", async () => {
    close(await run(layerNorm(known({ weight: [2, 2], bias: [0, 5] }), values([1, 3], 1, 2))), [-2, 7]);
  });
  test("batchNorm in inference: the running statistics", async () => {
    const scope = known({ weight: [3], bias: [1], running_mean: [2], running_var: [4] });
    close(await run(batchNorm(scope, values([2, 4], 2, 1, 1, 1))), [1, 4]);
  });
});

/** `build` in a training scope whose weights have their initial values, with `noise` of a seeded generator. */
async function train(build: (scope: Scope) => Value, seed = 1) {
  const { plan } = planWeights(build, true);
  const random = createRandom(seed);
  const flat = (specs: typeof plan.buffers) =>
    floats(
      specs.flatMap(({ init, shape }) => Array<number>(count(shape)).fill(init.kind === "constant" ? init.value : 0)),
    );
  const feeds = {
    parameters: flat(plan.parameters),
    buffers: flat(plan.buffers),
    noise: floats(Array.from({ length: plan.noise }, () => random.uniform())),
  };
  const vector = (name: keyof typeof feeds) => input(name, feeds[name].dims);
  const { scope, buffersAfter } = trainingScope(plan, {
    parameters: [{ specs: plan.parameters, vector: vector("parameters") }],
    buffers: vector("buffers"),
    noise: vector("noise"),
  });
  const y = build(scope);
  const outputs = { y, ...(plan.buffers.length > 0 && { after: buffersAfter() }) };
  const used = Object.fromEntries(Object.entries(feeds).filter(([, { dims }]) => dims[0]! > 0));
  return { found: await evaluate(outputs, used), plan };
}

test("batchNorm in training: the batch's statistics, and running ones that move by a tenth", async () => {
  const x = values([1, 3, 10, 10], 2, 2, 1, 1); // channel 0: 1, 10; channel 1: 3, 10
  const { found } = await train((scope) => batchNorm(scope, x));
  close([...(found["y"]!.data as Float32Array)], [-1, -1, 1, 1]);
  // 0.1 x mean, then 0.9 + 0.1 x the variance over count - 1: 40.5, 24.5
  close([...(found["after"]!.data as Float32Array)], [0.55, 0.65, 0.9 + 4.05, 0.9 + 2.45]);
});

describe("dropout", () => {
  const [rows, columns, rate] = [128, 1024, 0.1];
  const ones = (...shape: number[]) => values(Array<number>(count(shape)).fill(1), ...shape);
  const mask = async (shape: Shape, p: number, seed = 1) =>
    (await train((scope) => dropout(scope, ones(...shape), p), seed)).found["y"]!.data as Float32Array;
  const keptOf = (data: Float32Array) => data.filter((v) => v > 0).length / data.length;

  test("keeps 1 - rate of the elements and scales them by 1 / (1 - rate)", async () => {
    for (const p of [0.1, 0.5]) {
      const data = await mask([rows, columns], p);
      // 131,072 independent draws would be off by 0.0014 at most (one standard error at p = 1/2)
      expect(Math.abs(keptOf(data) - (1 - p))).toBeLessThan(0.01);
      for (const v of new Set(data)) expect([0, Math.fround(1 / (1 - p))]).toContain(v);
    }
  });

  test("two rows, and two columns, agree as often as independent ones", async () => {
    const data = await mask([rows, columns], rate);
    const expected = rate ** 2 + (1 - rate) ** 2;
    const agreement = (a: (i: number) => number, b: (i: number) => number, n: number) =>
      Array.from({ length: n }, (_, i) => Number(a(i) > 0 === b(i) > 0)).reduce((x, y) => x + y, 0) / n;
    const rowPairs = Array.from({ length: rows - 1 }, (_, r) =>
      agreement(
        (c) => data[r * columns + c]!,
        (c) => data[(r + 1) * columns + c]!,
        columns,
      ),
    );
    const columnPairs = Array.from({ length: columns - 1 }, (_, c) =>
      agreement(
        (r) => data[r * columns + c]!,
        (r) => data[r * columns + c + 1]!,
        rows,
      ),
    );
    const furthest = (pairs: readonly number[]) => Math.max(...pairs.map((found) => Math.abs(found - expected)));
    const standardError = (draws: number) => Math.sqrt((expected * (1 - expected)) / draws);
    expect(furthest(rowPairs)).toBeLessThan(4 * standardError(columns)); // 127 pairs
    expect(furthest(columnPairs)).toBeLessThan(4 * standardError(rows)); // 1,023 pairs
  });

  test("other noise, another mask; the same noise, the same", async () => {
    const [a, same, other] = [await mask([8, 64], 0.5), await mask([8, 64], 0.5), await mask([8, 64], 0.5, 2)];
    expect(same).toEqual(a);
    expect(a.filter((v, i) => v > 0 === other[i]! > 0).length / a.length).toBeLessThan(0.7);
  });

  test("takes one random number a row and a column, over all but the last axis", async () => {
    const { plan, found } = await train((scope) => dropout(scope, ones(2, 3, 5), rate));
    expect(plan.noise).toBe(2 * 3 + 5);
    expect(found["y"]!.dims).toEqual([2, 3, 5]);
  });

  test("whole channels of an image", async () => {
    const { plan, found } = await train((scope) => channelDropout(scope, ones(4, 50, 2, 2), 0.2));
    expect(plan.noise).toBe(200);
    const data = found["y"]!.data as Float32Array;
    for (let i = 0; i < data.length; i += 4) expect(new Set(data.subarray(i, i + 4)).size).toBe(1);
    expect(Math.abs(keptOf(data) - 0.8)).toBeLessThan(0.1); // 200 draws: a standard error of 0.028
    expect(new Set(data)).toEqual(new Set([0, 1.25]));
  });

  test("whole items", async () => {
    const { plan, found } = await train((scope) => itemDropout(scope, ones(400, 3), 0.2));
    expect(plan.noise).toBe(400);
    const data = found["y"]!.data as Float32Array;
    for (let i = 0; i < data.length; i += 3) expect(new Set(data.subarray(i, i + 3)).size).toBe(1);
    expect(Math.abs(keptOf(data) - 0.8)).toBeLessThan(0.07); // 400 draws: a standard error of 0.02
  });

  test("is nothing in inference and at rate 0", async () => {
    const x = ones(1, 2, 2, 2);
    expect(dropout(known({}), x, 0.5)).toBe(x);
    expect(channelDropout(known({}), x, 0.5)).toBe(x);
    planWeights((scope) => {
      expect(dropout(scope, x, 0)).toBe(x);
      expect(channelDropout(scope, x, 0)).toBe(x);
    }, true);
  });
});
