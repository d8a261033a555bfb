/**
 * Every op of the table against ONNX Runtime: its shapes are those that `infer` states, and its gradient is the slope of
 * a random linear functional of its outputs.
 *
 * Central differences with step h = 2^-7 on values of order 1. Truncation is h^2 / 6 = 1e-5 times a third derivative (20
 * for 1 / x at 0.5); rounding of float32 outputs, 6e-8 of each, becomes 1e-5 when divided by h. The largest deviation
 * measured is 3e-4 (Div), the tolerance 1e-3, and a wrong term is wrong by its own size, of order 1. Inputs are
 * distinct, evenly spaced and shuffled, so that no maximum and no sign changes within h.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate, floats } from "../../../test/evaluate.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Runtime, Session, Tensor } from "../../platform.ts";
import { createRandom, shuffle } from "../../random.ts";
import { gradient } from "../gradient.ts";
import { lowerGraph } from "../lower.ts";
import { writeOnnx } from "../onnx.ts";
import { apply1, constant, count, input, nodesOf, type Shape, scalar, type Value } from "../value.ts";
import { type ConvAttributes, conv, convTranspose } from "./conv.ts";
import * as elementwise from "./elementwise.ts";
import { gather } from "./gather.ts";
import { type OpType, ops } from "./index.ts";
import { instanceNormalization } from "./instance-norm.ts";
import { matmul } from "./linear.ts";
import { batchNormalization, batchNormalizationTraining, layerNormalization } from "./norm.ts";
import { averagePool, globalAveragePool, maxPool } from "./pool.ts";
import { expand, reduceMax, reduceMean, reduceSum } from "./reduce.ts";
import { resize } from "./resize.ts";
import { concat, pad, reshape, slice, split, transpose } from "./shape.ts";
import { logSoftmax, softmax } from "./softmax.ts";

interface Case {
  readonly shapes: readonly Shape[];
  readonly build: (x: readonly Value[]) => Value | readonly Value[];
  /** All inputs lie between. */
  readonly range: readonly [number, number];
}
/** Shapes of the inputs as text: "2x3, 3, scalar". */
const gives = (shapes: string, build: Case["build"], range: Case["range"] = [-2, 2]): Case => ({
  shapes: shapes.split(", ").map((one) => (one === "scalar" ? [] : one.split("x").map(Number))),
  build,
  range,
});
const positive = [0.4, 2.4] as const;

const unary = (op: (x: Value) => Value, range?: Case["range"]) => [
  gives("3x4", ([x]) => op(x!), range),
  gives("scalar", ([x]) => op(x!), range),
];
const binary = (op: (a: Value, b: Value) => Value, range?: Case["range"]) =>
  ["2x3, 2x3", "2x3x4, 4", "scalar, 2x3", "2x1x4, 3x1", "1x3x1x2, 2x1x2x1"].map((shapes) =>
    gives(shapes, ([a, b]) => op(a!, b!), range),
  );

const conv2d = (shapes: string, attrs: Partial<ConvAttributes> = {}) =>
  gives(shapes, ([x, w, b]) => conv(x!, w!, { group: 1, strides: [1, 1], pads: [0, 0, 0, 0], ...attrs }, b));
type Transposed = ConvAttributes & { readonly output_padding: readonly number[] };
const convTranspose2d = (shapes: string, attrs: Partial<Transposed> = {}) =>
  gives(shapes, ([x, w, b]) => {
    const defaults = { group: 1, strides: [2, 2], pads: [0, 0, 0, 0], output_padding: [0, 0] };
    return convTranspose(x!, w!, { ...defaults, ...attrs }, b);
  });
const reductions = (op: typeof reduceSum) => [
  gives("2x3x4", ([x]) => op(x!, [1])),
  gives("2x3x4", ([x]) => op(x!, [0, 2], true)),
  gives("2x3x4", ([x]) => op(x!, [0, 1, 2])),
];
const eachAxis = (op: (x: Value, axis: number) => Value) =>
  [0, 1, 2].map((axis) => gives("2x3x4", ([x]) => op(x!, axis)));
const floatCast = (x: Value) => apply1(ops.Cast, [x], { to: 1 });

const cases: Readonly<Record<OpType, readonly Case[]>> = {
  Add: binary(elementwise.add),
  AveragePool: [
    gives("2x2x4x4", ([x]) => averagePool(x!, 2)),
    gives("1x2x5x7", ([x]) => averagePool(x!, 2)), // the last row and column go unread
    gives("1x1x4x6", ([x]) => {
      const [kernel_shape, strides, pads] = [
        [2, 3],
        [2, 3],
        [0, 0, 0, 0],
      ];
      return apply1(ops.AveragePool, [x!], { kernel_shape, strides, pads });
    }),
  ],
  BatchNormalization: [
    gives("2x3x2x2, 3, 3", ([x, scale, bias]) => batchNormalizationTraining(x!, [scale!, bias!], 1e-5)[0]!),
    gives("6x2, 2, 2", ([x, scale, bias]) => batchNormalizationTraining(x!, [scale!, bias!], 1e-3)[0]!),
    gives("2x3x2x2, 3, 3, 3, 3", ([x, ...params]) => batchNormalization(x!, params, 1e-5), positive),
  ],
  Cast: unary(floatCast),
  Clip: unary((x) => elementwise.clip(x, -0.75, 1.25)),
  Concat: [gives("2x3, 2x1, 2x2", (x) => concat(x, 1)), gives("1x2, 3x2", (x) => concat(x, 0))],
  Conv: [
    conv2d("2x2x5x4, 3x2x3x3"),
    conv2d("2x2x5x4, 3x2x3x3, 3", { pads: [1, 1, 1, 1] }),
    conv2d("2x2x5x4, 3x2x3x3, 3", { pads: [1, 1, 1, 1], strides: [2, 2] }),
    conv2d("2x2x5x4, 3x2x3x3", { strides: [2, 2] }),
    conv2d("2x2x5x4, 3x2x3x3", { pads: [0, 1, 2, 0] }),
    conv2d("2x2x5x4, 3x2x3x3", { pads: [0, 1, 2, 0], strides: [2, 1] }),
    conv2d("2x2x5x4, 3x2x1x1, 3"),
    conv2d("2x2x5x4, 3x2x1x1", { strides: [2, 2] }),
    conv2d("2x2x5x4, 3x2x1x1", { pads: [1, 1, 1, 1] }),
    conv2d("2x2x5x4, 2x2x1x3", { pads: [0, 1, 0, 1] }),
    conv2d("2x2x5x4, 2x2x4x2", { pads: [2, 1, 1, 0], strides: [2, 3] }),
    conv2d("2x4x4x4, 6x2x3x3, 6", { group: 2, pads: [1, 1, 1, 1] }),
    conv2d("2x4x4x4, 6x2x3x3", { group: 2, pads: [1, 1, 1, 1], strides: [2, 2] }),
    conv2d("2x3x4x4, 3x1x3x3, 3", { group: 3, pads: [1, 1, 1, 1] }),
    conv2d("2x3x5x5, 3x1x3x3", { group: 3, pads: [1, 1, 1, 1], strides: [2, 2] }),
    conv2d("2x2x6, 3x2x3, 3", { strides: [1], pads: [1, 1] }),
    conv2d("2x2x6, 3x2x3", { strides: [2], pads: [1, 0] }),
    conv2d("1x2x3x4x3, 2x2x2x3x2, 2", { strides: [1, 1, 1], pads: [1, 1, 0, 0, 1, 1] }),
    conv2d("1x2x3x4x3, 2x2x2x3x2", { strides: [2, 1, 2], pads: [1, 1, 0, 0, 1, 1] }),
    conv2d("2x2x3x4x3, 3x2x1x3x3, 3", { strides: [1, 1, 1], pads: [0, 1, 1, 0, 1, 1] }),
    conv2d("1x2x4x4x4, 3x2x2x2x2", { strides: [2, 2, 2], pads: [0, 0, 0, 0, 0, 0] }),
  ],
  ConvTranspose: [
    convTranspose2d("2x2x3x2, 2x3x2x2, 3"),
    convTranspose2d("2x2x3x2, 2x3x2x2"),
    convTranspose2d("2x2x3x2, 2x3x3x3", { pads: [1, 1, 1, 1], output_padding: [1, 1] }),
    convTranspose2d("2x2x3x2, 2x3x3x3, 3", { pads: [1, 0, 0, 1], output_padding: [0, 1] }),
    convTranspose2d("2x2x3x3, 2x3x3x3", { strides: [1, 1], pads: [1, 1, 1, 1] }),
    convTranspose2d("2x4x3x2, 4x3x2x2, 6", { group: 2 }),
    convTranspose2d("2x2x3, 2x3x3, 3", { strides: [2], pads: [1, 1], output_padding: [1] }),
    convTranspose2d("1x2x2x2x2, 2x2x2x2x2", {
      strides: [2, 2, 2],
      pads: Array(6).fill(0),
      output_padding: [0, 0, 0],
    }),
    convTranspose2d("1x2x2x2x2, 2x2x3x3x3, 2", {
      strides: [2, 2, 2],
      pads: Array(6).fill(1),
      output_padding: [1, 1, 1],
    }),
    convTranspose2d("1x2x2x2x3, 2x2x1x4x4, 2", {
      strides: [1, 2, 2],
      pads: [0, 1, 1, 0, 1, 1],
      output_padding: [0, 0, 0],
    }),
  ],
  Div: binary(elementwise.div, positive),
  Elu: unary(elementwise.elu),
  Equal: binary(elementwise.equal),
  Erf: unary(elementwise.erf),
  Exp: unary(elementwise.exp),
  Expand: [
    gives("2x1x3", ([x]) => expand(x!, [2, 4, 3])),
    gives("3", ([x]) => expand(x!, [2, 1, 3])),
    gives("2x3", ([x]) => expand(x!, [1, 3])),
  ],
  Floor: unary(elementwise.floor),
  Gather: [
    gives("4x2x3", ([x]) => gather(x!, constant(BigInt64Array.of(3n, 0n, 3n, 1n, 3n, 1n), [2, 3]))),
    gives("3", ([x]) => gather(x!, constant(BigInt64Array.of(2n, 2n), [2]))),
  ],
  Gelu: unary(elementwise.gelu),
  GlobalAveragePool: [gives("2x3x2x4", ([x]) => globalAveragePool(x!))],
  Greater: binary(elementwise.greater),
  HardSigmoid: unary((x) => elementwise.hardSigmoid(x, { alpha: 0.4, beta: 0.35 })),
  InstanceNormalization: [
    gives("2x3x4, 3, 3", ([x, scale, bias]) => instanceNormalization(x!, [scale!, bias!], 1e-5)),
    gives("2x2x2x3, 2, 2", ([x, scale, bias]) => instanceNormalization(x!, [scale!, bias!], 1e-3)),
    gives("1x2x2x2x2, 2, 2", ([x, scale, bias]) => instanceNormalization(x!, [scale!, bias!], 1e-5)),
  ],
  LayerNormalization: [
    gives("2x3x5, 5, 5", ([x, scale, bias]) => layerNormalization(x!, [scale!, bias!], 1e-5)),
    gives("7, 7, 7", ([x, scale, bias]) => layerNormalization(x!, [scale!, bias!], 1e-3)),
  ],
  Log: unary(elementwise.log, positive),
  LogSoftmax: eachAxis(logSoftmax),
  MatMul: [
    "3x4, 4x2",
    "2x3x4, 2x4x2",
    "2x3x4, 4x2",
    "2x2x3x4, 4x2",
    "3x4, 2x4x2",
    "2x1x3x4, 1x2x4x2",
    "2x3x4, 1x4x2",
  ].map((shapes) => gives(shapes, ([a, b]) => matmul(a!, b!))),
  Max: binary(elementwise.max),
  MaxPool: [
    gives("1x2x5x4", ([x]) => maxPool(x!, 3, { stride: 2, padding: 1 })), // windows overlap
    gives("1x2x4x5", ([x]) => maxPool(x!, 2, { stride: 1, padding: 0 })),
    gives("2x2x4x4", ([x]) => maxPool(x!, 2)),
    gives("2x2x4x4x2", ([x]) => maxPool(x!, 2)),
    gives("1x2x2x4x5", ([x]) => maxPool(x!, [1, 2, 2])),
  ],
  Mul: binary(elementwise.mul),
  Neg: unary(elementwise.neg),
  Pad: [
    gives("2x3", ([x]) => pad(x!, [1, 0], [0, 2])),
    gives("3x4", ([x]) => pad(x!, [-1, 0], [0, -2])),
    gives("3x4", ([x]) => pad(x!, [-1, 2], [1, -1])),
  ],
  ReduceMax: reductions(reduceMax),
  ReduceMean: reductions(reduceMean),
  ReduceSum: reductions(reduceSum),
  Relu: unary(elementwise.relu),
  Reshape: [gives("2x6", ([x]) => reshape(x!, [3, 2, 2])), gives("1", ([x]) => reshape(x!, []))],
  Resize: [
    gives("2x2x3x4", ([x]) => resize(x!, [6, 8])),
    gives("2x2x3x4", ([x]) => resize(x!, [6, 8], { alignCorners: true })),
    gives("1x2x6x4", ([x]) => resize(x!, [2, 5])),
    gives("1x1x3x2x4", ([x]) => resize(x!, [6, 4, 8])),
    gives("1x2x4x3x3", ([x]) => resize(x!, [2, 3, 6])),
  ],
  Sigmoid: unary(elementwise.sigmoid),
  Slice: [
    gives("4x5", ([x]) => slice(x!, { axes: [1], starts: [1], ends: [4] })),
    gives("4x5", ([x]) => slice(x!, { axes: [1, 0], starts: [-3, 2], ends: [-1, 100] })),
    gives("4x5", ([x]) => slice(x!, { axes: [0], starts: [3], ends: [1] })), // nothing is left
  ],
  Softmax: eachAxis(softmax),
  Split: [
    gives("2x6", ([x]) => split(x!, 1, [1, 2, 3])),
    gives("2x6", ([x]) => split(x!, 1, [1, 2, 3])[1]!),
    gives("4x2x2", ([x]) => split(x!, 0, [3, 1])),
    gives("9", ([x]) => split(x!, 0, Array(9).fill(1))),
  ],
  Sqrt: unary(elementwise.sqrt, positive),
  Sub: binary(elementwise.sub),
  Transpose: [gives("2x3x4", ([x]) => transpose(x!, [2, 0, 1])), gives("2x3", ([x]) => transpose(x!, [1, 0]))],
};
const withoutGradient: readonly OpType[] = ["Equal", "Floor", "Greater"];

const STEP = 2 ** -7;
const TOLERANCE = 1e-3;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createNodeRuntime({ threads: 1 });
});

const named = <T>(prefix: string, items: readonly T[]): Record<string, T> =>
  Object.fromEntries(items.map((item, i) => [`${prefix}${i}`, item]));

/** Values between the ends of the range, distinct over all inputs of a case. */
function feedsOf({ shapes, range: [low, high] }: Case): Tensor[] {
  const total = shapes.reduce((sum, dims) => sum + count(dims), 0);
  const values = Array.from({ length: total }, (_, i) => low + ((high - low) * (i + 0.3)) / total);
  shuffle(values, createRandom(5));
  return shapes.map((dims) => floats(values.splice(0, count(dims)), dims));
}

/** Inputs x0, x1, ...; outputs y0, ..., and d0, ..., the gradient of the sum of weights times outputs. */
function modelOf({ shapes, build }: Case, differentiable: boolean) {
  const x = shapes.map((dims, i) => input(`x${i}`, dims));
  const y = [build(x)].flat();
  const random = createRandom(9);
  const weights = y.map((value) => Float32Array.from({ length: count(value.shape) }, () => 2 * random.uniform() - 1));
  const seeds = y.map((value, i) => [value, constant(weights[i]!, value.shape)] as const);
  const own = (slope: Value) => elementwise.mul(slope, scalar(1)); // two slopes may be one value, or a constant
  const d = differentiable ? gradient(seeds, x).map(own) : [];
  return { y, d, weights };
}

const dot = (a: Tensor, b: Float32Array) => (a.data as Float32Array).reduce((sum, v, i) => sum + v * b[i]!, 0);

/** The slope of the functional along each element of input `at`. */
async function measureSlope(
  session: Session,
  feeds: readonly Tensor[],
  { at, weights }: { at: number; weights: readonly Float32Array[] },
) {
  const only = weights.map((_, i) => `y${i}`);
  const functional = async () => {
    const outputs = await session.run(named("x", feeds), only);
    return weights.reduce((sum, w, i) => sum + dot(outputs[`y${i}`]!, w), 0);
  };
  const point = feeds[at]!.data as Float32Array;
  const slope: number[] = [];
  for (const [k, value] of point.entries()) {
    point[k] = value + STEP;
    const above = await functional();
    point[k] = value - STEP;
    slope.push((above - (await functional())) / (2 * STEP));
    point[k] = value;
  }
  return slope;
}

/** Devices that lack a kernel get the same values. */
async function expectSameLowered(
  outputs: Record<string, Value>,
  { feeds, results }: Record<"feeds" | "results", Record<string, Tensor>>,
) {
  const lowered = lowerGraph(outputs);
  if (Object.keys(outputs).every((name) => lowered[name] === outputs[name])) return;
  for (const [name, { dims, data }] of Object.entries(await evaluate(lowered, feeds))) {
    expect(dims).toEqual(results[name]!.dims);
    for (const [k, value] of data.entries()) expect(value).toBeCloseTo(Number(results[name]!.data[k]), 4);
  }
}

test("every op of every family is in the table under its own name", async () => {
  const files = readdirSync(import.meta.dirname).filter((file) => !file.startsWith("index."));
  const families: object[] = await Promise.all(
    files.map((file) => import(/* @vite-ignore */ join(import.meta.dirname, file))),
  );
  const isOp = (entry: unknown): entry is { type: string } =>
    typeof entry === "object" && entry !== null && "infer" in entry;
  const found = families.flatMap((family) => Object.values(family).filter(isOp));
  expect(found.map(({ type }) => type).sort()).toEqual(Object.keys(ops).sort());
  for (const [type, op] of Object.entries(ops)) expect(op.type).toBe(type);
});

describe.each(Object.entries(cases) as [OpType, readonly Case[]][])("%s", (type, list) => {
  const differentiable = !withoutGradient.includes(type);

  test("is listed by whether it has a gradient", () => expect(ops[type].grad === "none").toBe(!differentiable));

  const models = list.map((one) => {
    const model = modelOf(one, differentiable);
    const { attrs } = nodesOf(model.y).find(({ op }) => op.type === type)!;
    return [one.shapes.map((dims) => `[${dims}]`).join(" "), JSON.stringify(attrs), { ...model, one }] as const;
  });
  test.each(models)("%s %s", async (_shapes, _attrs, { one, y, d, weights }) => {
    const outputs = { ...named("y", y), ...named("d", d) };
    const session = await runtime.load(writeOnnx(outputs));
    const feeds = feedsOf(one);
    const results = await session.run(named("x", feeds));
    for (const [i, { shape: dims, dtype }] of y.entries()) expect(results[`y${i}`]).toMatchObject({ dims, dtype });
    for (const [i] of d.entries()) {
      const { dims, data } = results[`d${i}`]!;
      expect(dims).toEqual(one.shapes[i]);
      const slope = Array.from(data as Float32Array);
      const slack = TOLERANCE * Math.max(1, ...slope.map(Math.abs));
      for (const [k, value] of (await measureSlope(session, feeds, { at: i, weights })).entries())
        expect(Math.abs(value - slope[k]!), `d${i}[${k}] is ${slope[k]}, measured ${value}`).toBeLessThan(slack);
    }
    await session.release();
    await expectSameLowered(outputs, { feeds: named("x", feeds), results });
  });
});
