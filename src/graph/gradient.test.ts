import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { gradient } from "./gradient.ts";
import { expandComposites } from "./lower.ts";
import { conv } from "./ops/conv.ts";
import { add, cast, div, erf, floor, gelu, greater, max, mul, relu } from "./ops/elementwise.ts";
import { ops } from "./ops/index.ts";
import { matmul } from "./ops/linear.ts";
import { batchNormalizationTraining, layerNormalization } from "./ops/norm.ts";
import { maxPool } from "./ops/pool.ts";
import { reduceMax, reduceMean, reduceSum } from "./ops/reduce.ts";
import { concat, reverseLast, split } from "./ops/shape.ts";
import { softmax } from "./ops/softmax.ts";
import { apply1, constant, input, nodesOf, type Shape, scalar, type Value } from "./value.ts";

/** Gradient of the sum of `of(x)` at `x`. */
async function slope(x: readonly number[], of: (x: Value) => Value, shape: Shape = [x.length]): Promise<number[]> {
  const at = input("x", shape);
  const y = of(at);
  const [dx] = gradient([[reduceSum(y, [...y.shape.keys()]), scalar(1)]], [at]);
  const { d } = await evaluate({ d: mul(dx!, scalar(1)) }, { x: floats(x, shape) });
  return Array.from(d!.data as Float32Array);
}
const vector = (...values: number[]) => constant(Float32Array.from(values), [values.length]);

describe("derivatives known by hand", () => {
  const plain = { group: 1, strides: [1], pads: [0, 0] };
  const table: Record<string, [x: number[], of: (x: Value) => Value, expected: number[], shape?: Shape]> = {
    "x^3 at 2 is 12, x used three times": [[2], (x) => mul(x, mul(x, x)), [12]],
    "x / x is constant": [[2, 3], (x) => div(x, x), [0, 0]],
    "gelu' is 1/2 at 0, and 0 and 1 far away": [[0, -9, 9], gelu, [0.5, 0, 1]],
    "erf'(0) = 2 / sqrt(pi)": [[0], erf, [1.1283792]],
    "relu passes what is positive": [[-1, 2], relu, [0, 1]],
    "the larger operand of max": [[1, 3], (x) => max(x, vector(2, 2)), [0, 1]],
    "equal operands of max: the second": [[2], (x) => max(x, vector(2)), [0]],
    "softmax sums to 1 whatever its input": [[0, 0, 1], (x) => softmax(x, 0), [0, 0, 0]],
    "first of a softmax of two equals: p (1 - p)": [[0, 0], (x) => mul(softmax(x, 0), vector(1, 0)), [0.25, -0.25]],
    "a mean over four": [[1, 2, 3, 4], (x) => reduceMean(x, [0]), [0.25, 0.25, 0.25, 0.25]],
    "a maximum": [[1, 4, 3], (x) => reduceMax(x, [0]), [0, 1, 0]],
    "each pixel meets the taps [2, 3] that read it": [
      [1, 1, 1],
      (x) => conv(x, constant(Float32Array.of(2, 3), [1, 1, 2]), plain),
      [2, 5, 3],
      [1, 1, 3],
    ],
    "a matrix product's left side: column sums of the right": [
      [1, 1],
      (x) => matmul(x, constant(Float32Array.of(1, 2, 3, 4), [2, 2])),
      [3, 7],
      [1, 2],
    ],
    "overlapping windows add up at their common maximum": [
      [0, 0, 0, 0, 5, 0, 0, 0, 0],
      (x) => maxPool(x, 2, { stride: 1, padding: 0 }),
      [0, 0, 0, 0, 4, 0, 0, 0, 0],
      [1, 1, 3, 3],
    ],
    "every maximum of a window takes its cotangent": [[2, 2, 1, 0], (x) => maxPool(x, 2), [1, 1, 0, 0], [1, 1, 2, 2]],
    "two elements normalise to +-1 whatever they are": [
      [1, 3],
      (x) => mul(batchNormalizationTraining(x, [vector(1), vector(0)], 0)[0]!, constant(Float32Array.of(1, 5), [2, 1])),
      [0, 0],
      [2, 1],
    ],
    "layer norm ignores a shift": [
      [1, 2, 4],
      (x) => layerNormalization(x, [vector(1, 1, 1), vector(0, 0, 0)], 0),
      [0, 0, 0],
    ],
  };
  test.each(Object.entries(table))("%s", async (_, [x, of, expected, shape]) => {
    const found = await slope(x, of, shape);
    expect(found).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5);
  });
});

test("values of the ops that have no gradient", async () => {
  const x = input("x", [3]);
  const outputs = {
    floor: floor(x),
    greater: greater(x, scalar(1)),
    equal: apply1(ops.Equal, [x, vector(0, 1, 0)], {}),
  };
  const found = await evaluate(outputs, { x: floats([-0.5, 1, 1.5]) });
  const values = Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, Array.from(data, Number)]));
  expect(values).toEqual({ floor: [-1, 1, 1], greater: [0, 0, 1], equal: [0, 1, 0] });
});

describe("gradient", () => {
  test("adds up over all uses of a value and over all seeds", async () => {
    expect(await slope([1, 2], (x) => concat([x, mul(x, x), x], 0))).toEqual([4, 6]); // 1 + 2 x + 1
    const x = input("x", []);
    const [dx] = gradient(
      [
        [mul(x, scalar(2)), scalar(10)],
        [mul(x, scalar(3)), scalar(100)],
      ],
      [x],
    );
    const { d } = await evaluate({ d: dx! });
    expect([...d!.data]).toEqual([320]);
  });

  test("sums back along the axes that were broadcast", async () => {
    const matrix = constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    expect(await slope([1], (x) => mul(x, matrix), [])).toEqual([21]);
    expect(await slope([1, 1, 1], (x) => mul(x, matrix))).toEqual([5, 7, 9]);
    expect(await slope([1, 1], (x) => mul(x, matrix), [2, 1])).toEqual([6, 15]);
    expect(await slope([1], (x) => mul(x, matrix), [1, 1, 1])).toEqual([21]);
  });

  test("an output of several that nobody reads gets zero", async () => {
    expect(await slope([1, 2, 3], (x) => split(x, 0, [2, 1])[1]!)).toEqual([0, 0, 1]);
  });

  test("is a value of the shape of its target, and a seed that is a target is its own gradient", () => {
    const [a, b] = [input("a", [2, 1]), input("b", [3])];
    const y = add(a, b);
    const seed = constant(new Float32Array(6), [2, 3]);
    const [da, db, dy] = gradient([[y, seed]], [a, b, y]);
    expect([da!.shape, db!.shape]).toEqual([[2, 1], [3]]);
    expect(dy).toBe(seed);
  });

  test("refuses a target that the loss does not depend on", () => {
    const [x, other] = [input("x", [2]), input("other", [3])];
    const loss = reduceSum(mul(x, x), [0]);
    expect(() => gradient([[loss, scalar(1)]], [other])).toThrow("does not depend on a target of shape [3]");
    const constantAlmostEverywhere = reduceSum(floor(x), [0]);
    expect(() => gradient([[constantAlmostEverywhere, scalar(1)]], [x])).toThrow("does not depend");
    expect(() => gradient([[reduceSum(cast(cast(x, "int32"), "float32"), [0]), scalar(1)]], [x])).toThrow("not depend");
  });

  test("refuses what it cannot do: strided slices, statistics of a batch", () => {
    const x = input("x", [4, 1]);
    const sumOf = (value: Value) => gradient([[reduceSum(value, [...value.shape.keys()]), scalar(1)]], [x]);
    expect(() => sumOf(reverseLast(x))).toThrow("steps of 1");
    const [y, mean] = batchNormalizationTraining(x, [vector(1), vector(0)], 1e-5);
    expect(() => sumOf(add(y!, mean!))).toThrow("mean or variance");
  });

  test("computes nothing for what is not asked", () => {
    const [x, w] = [input("x", [1, 2, 4, 4]), input("w", [2, 2, 3, 3])];
    const y = conv(x, w, { group: 1, strides: [1, 1], pads: [1, 1, 1, 1] });
    const loss = reduceSum(mul(y, y), [0, 1, 2, 3]);
    const typesFor = (target: Value) => {
      const [cotangent] = gradient([[loss, scalar(1)]], [target]) as [Value];
      return nodesOf(Object.values(expandComposites({ cotangent }))).map(({ op }) => op.type);
    };
    const convolutions = (target: Value) => typesFor(target).filter((type) => type === "Conv").length;
    expect(convolutions(w)).toBe(1); // the forward one; the weight's cotangent is made of matrix products
    expect(convolutions(x)).toBe(2);
    expect(typesFor(x)).not.toContain("MatMul");
  });
});
