import { expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { lowerGraph } from "./lower.ts";
import { mul } from "./ops/elementwise.ts";
import { batchNormalization, batchNormalizationTraining } from "./ops/norm.ts";
import { split } from "./ops/shape.ts";
import { logSoftmax } from "./ops/softmax.ts";
import { constant, input, nodesOf, scalar, type Value } from "./value.ts";

const vector = (...values: number[]) => constant(Float32Array.from(values), [values.length]);
const numbered = (values: readonly Value[]) => Object.fromEntries(values.map((value, i) => [`y${i}`, value]));
const typesIn = (outputs: Record<string, Value>) => new Set(nodesOf(Object.values(outputs)).map(({ op }) => op.type));
const double = (value: Value) => mul(value, scalar(2));

const column = input("x", [2, 1]); // two items of one channel
const row = input("x", [2]);
const nine = input("x", [9]);
test.each<[string, readonly Value[], x: number[], number[][]]>([
  [
    "BatchNormalization",
    batchNormalizationTraining(double(column), [vector(5), vector(7)], 0), // of 2 and 6: mean 4, variance 4
    [1, 3],
    [[2, 12], [4], [4]],
  ],
  ["LogSoftmax", [double(logSoftmax(row, 0))], [1000, 1000], [[-2 * Math.LN2, -2 * Math.LN2]]],
  [
    "Split",
    split(nine, 0, Array(9).fill(1)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [[1], [2], [3], [4], [5], [6], [7], [8], [9]],
  ],
])("%s becomes ordinary ops with the same values", async (type, values, x, expected) => {
  const lowered = lowerGraph(numbered(values));
  expect(typesIn(numbered(values))).toContain(type);
  expect(typesIn(lowered)).not.toContain(type);
  const { shape } = type === "BatchNormalization" ? column : { shape: [x.length] };
  const found = Object.values(await evaluate(lowered, { x: floats(x, shape) }));
  for (const [i, list] of expected.entries())
    for (const [k, value] of list.entries()) expect(found[i]!.data[k]).toBeCloseTo(value, 5);
});

test("what every device runs stays the very value that it was", () => {
  const fixed = batchNormalization(column, [vector(1), vector(2), vector(3), vector(4)], 0);
  const [a, b] = split(row, 0, [1, 1]) as [Value, Value];
  const lowered = lowerGraph({ fixed, a, b });
  expect(lowered).toEqual({ fixed, a, b });
  for (const [name, value] of Object.entries({ fixed, a, b })) expect(lowered[name]).toBe(value);
});
