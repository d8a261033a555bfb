import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { UserError } from "../error.ts";
import { cost } from "./cost.ts";
import { gradient } from "./gradient.ts";
import { expandComposites } from "./lower.ts";
import { writeOnnx } from "./onnx.ts";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
} from "./onnx_pb.ts";
import { readOnnx } from "./onnx-read.ts";
import { conv } from "./ops/conv.ts";
import { add, cast, gelu, mul, relu } from "./ops/elementwise.ts";
import { matmul } from "./ops/linear.ts";
import { batchNormalization, layerNormalization } from "./ops/norm.ts";
import { maxPool } from "./ops/pool.ts";
import { expand, reduceMean, reduceSum } from "./ops/reduce.ts";
import { resize } from "./ops/resize.ts";
import { concat, pad, reshape, slice, split, transpose } from "./ops/shape.ts";
import { softmax } from "./ops/softmax.ts";
import { BATCH, constant, input, nodesOf, scalar, type Value } from "./value.ts";

const weight = (name: string, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return constant(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + name.length)),
    shape,
    name,
  );
};

/** A small network with every kind of attribute, and weights as float32 and as int8 with a scale. */
function network(): Record<string, Value> {
  const x = input("image", [BATCH, 2, 4, 4]);
  const quantized = constant(Int8Array.of(1, -2, 127, -127), [2, 2, 1, 1], "narrow.int8");
  const narrow = mul(cast(quantized, "float32"), constant(Float32Array.of(0.5, 0.25), [2, 1, 1, 1], "narrow.scale"));
  const wide = conv(x, weight("conv.weight", 4, 2, 3, 3), { group: 1, strides: [1, 1], pads: [1, 1, 1, 1] });
  const statistics = ["scale", "bias", "mean"].map((name) => weight(name, 4));
  const variance = constant(Float32Array.of(1, 2, 3, 4), [4], "variance");
  const normed = relu(batchNormalization(wide, [...statistics, variance], 1e-5));
  const [left, right] = split(normed, 1, [2, 2]) as [Value, Value];
  const mixed = conv(maxPool(left, 3, { stride: 2, padding: 1 }), narrow, {
    group: 1,
    strides: [1, 1],
    pads: [0, 0, 0, 0],
  });
  const tokens = transpose(reshape(right, [BATCH, 2, 16]), [0, 2, 1]);
  const attended = gelu(
    layerNormalization(matmul(tokens, weight("linear", 2, 3)), [weight("w", 3), weight("b", 3)], 1e-5),
  );
  const tail = slice(pad(attended, [0, 0, 1], [0, 0, 0]), { axes: [1, 2], starts: [2, 0], ends: [10, 3] });
  return { mixed, probabilities: softmax(reduceMean(add(tail, scalar(1)), [1], true), 2) };
}

/** A training graph: everything that `gradient` makes of convolution, pooling and batches. */
function backward(): Record<string, Value> {
  const [x, w] = [input("x", [2, 2, 6, 6]), input("w", [3, 2, 3, 3])];
  const y = maxPool(conv(x, w, { group: 1, strides: [2, 2], pads: [1, 1, 1, 1] }), 2, { stride: 1, padding: 0 });
  const loss = reduceSum(mul(concat([y, expand(scalar(2), [2, 3, 2, 2])], 0), scalar(0.5)), [0, 1, 2, 3]);
  const [dx, dw] = gradient([[loss, scalar(1)]], [x, w]) as [Value, Value];
  return expandComposites({ loss, dx, dw });
}

describe("a written file read back", () => {
  test.each([
    ["inference, symbolic batch, int8 weights", network],
    ["training", backward],
  ] as const)("%s: the same inputs, shapes and bytes", (_, build) => {
    const outputs = build();
    const bytes = writeOnnx(outputs, "1.2.3");
    const read = readOnnx(bytes, "model.onnx");
    expect(Object.keys(read.outputs)).toEqual(Object.keys(outputs));
    for (const [name, { shape, dtype }] of Object.entries(outputs))
      expect(read.outputs[name]).toMatchObject({ shape, dtype });
    expect(cost(Object.values(read.outputs))).toEqual(cost(Object.values(outputs)));
    expect(Buffer.compare(writeOnnx(read.outputs, "1.2.3"), bytes)).toBe(0);
  });

  test("an op whose optional inputs stay empty", () => {
    const larger = resize(input("image", [BATCH, 2, 4, 4]), [8, 6]);
    const bytes = writeOnnx({ larger });
    expect(fromBinary(ModelProtoSchema, bytes).graph!.node[0]!.input).toEqual(["image", "", "", "list[8,6]"]);
    const read = readOnnx(bytes, "model.onnx").outputs;
    expect(read["larger"]).toMatchObject({ shape: [BATCH, 2, 8, 6] });
    expect(Buffer.compare(writeOnnx(read), bytes)).toBe(0);
  });

  test("inputs by name, with an open batch", () => {
    const { inputs } = readOnnx(writeOnnx(network()), "model.onnx");
    expect(inputs).toEqual({ image: input("image", [BATCH, 2, 4, 4]) });
  });

  test("can be built upon", async () => {
    const { image } = readOnnx(writeOnnx(network()), "model.onnx").inputs;
    const { mixed } = readOnnx(writeOnnx(network()), "model.onnx").outputs;
    expect(image!.shape[0]).toBe(BATCH);
    const pixels = floats(
      Array.from({ length: 64 }, (_, i) => i % 7),
      [2, 2, 4, 4],
    );
    const once = await evaluate({ mixed: mixed! }, { image: pixels });
    const twice = await evaluate({ twice: mul(mixed!, scalar(2)) }, { image: pixels });
    expect([...(twice["twice"]!.data as Float32Array)]).toEqual(
      Array.from(once["mixed"]!.data as Float32Array, (v) => 2 * v),
    );
  });
});

/** y = softmax(reshape(x w)) of x [N, 2] and w [2, 4], its file changed as another tool would have written it. */
function changed(change: (graph: GraphProto, model: ModelProto) => unknown): Uint8Array {
  const product = matmul(input("x", [BATCH, 2]), constant(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 4], "w"));
  const bytes = writeOnnx({ y: softmax(reshape(product, [BATCH, 2, 2]), 2) });
  const model = fromBinary(ModelProtoSchema, bytes);
  change(model.graph!, model);
  return toBinary(ModelProtoSchema, model);
}
const nodeOf = (graph: GraphProto, type: string) => graph.node.find(({ opType }) => opType === type)!;

describe("files of other tools", () => {
  const same = writeOnnx(
    readOnnx(
      changed(() => {}),
      "",
    ).outputs,
  );
  const variants: Record<string, (graph: GraphProto, model: ModelProto) => void> = {
    "weights in float_data, lists in int64_data": ({ initializer }) => {
      for (const tensor of initializer) {
        const raw = tensor.rawData.slice().buffer;
        if (tensor.name === "w") tensor.floatData = [...new Float32Array(raw)];
        else tensor.int64Data = [...new BigInt64Array(raw)];
        tensor.rawData = new Uint8Array();
      }
    },
    "an axis counted from the end": (graph) => {
      nodeOf(graph, "Softmax").attribute[0]!.i = -1n;
    },
    "weights among the inputs, as before IR 4": (graph) => {
      graph.input.push({ ...graph.input[0]!, name: "w" });
    },
    "the domain written out": (graph, model) => {
      model.opsetImport[0]!.domain = "ai.onnx";
      for (const node of graph.node) node.domain = "ai.onnx";
    },
    "other names inside": ({ node }) => {
      node[0]!.output[0] = node[1]!.input[0] = "/encoder/MatMul_output_0";
    },
  };
  test.each(Object.entries(variants))("%s", (_, change) => {
    expect(Buffer.compare(writeOnnx(readOnnx(changed(change), "other.onnx").outputs), same)).toBe(0);
  });

  test("int32, int8 and uint8 weights in int32_data", () => {
    for (const [dataType, made] of [
      [6, Int32Array.of(1, -2)],
      [3, Int8Array.of(1, -2)],
      [2, Uint8Array.of(1, 254)],
    ] as const) {
      const bytes = writeOnnx({ y: cast(constant(made, [2], "w"), "float32") });
      const model = fromBinary(ModelProtoSchema, bytes);
      const [tensor] = model.graph!.initializer;
      expect(tensor!.dataType).toBe(dataType);
      tensor!.rawData = new Uint8Array();
      tensor!.int32Data = [...made];
      const { y } = readOnnx(toBinary(ModelProtoSchema, model), "w.onnx").outputs;
      const [w] = nodesOf([y!])[0]!.inputs;
      expect(w!.source).toMatchObject({ data: made, name: "w" });
    }
  });

  test.each([
    ["linear", 4 * 2 * 8 * 12],
    ["nearest", 0],
  ])("an enlargement by the factors of a Constant node, %s", (mode, paper) => {
    const model = fromBinary(ModelProtoSchema, writeOnnx({ y: resize(input("x", [BATCH, 2, 4, 6]), [8, 12]) }));
    const graph = model.graph!;
    const node = nodeOf(graph, "Resize");
    const scales = create(TensorProtoSchema, { dims: [4n], dataType: 1, floatData: [1, 1, 2, 2] });
    const value = create(AttributeProtoSchema, { name: "value", type: AttributeProto_AttributeType.TENSOR, t: scales });
    graph.node.unshift(create(NodeProtoSchema, { opType: "Constant", output: ["factors"], attribute: [value] }));
    node.input = [node.input[0]!, "", "factors"];
    node.attribute = node.attribute.filter(({ name }) => name !== "axes");
    node.attribute.find(({ name }) => name === "mode")!.s = new TextEncoder().encode(mode);
    const { y } = readOnnx(toBinary(ModelProtoSchema, model), "up.onnx").outputs;
    expect(y!.shape).toEqual([BATCH, 2, 8, 12]);
    expect(cost([y!])).toEqual({ macs: 0, paper });
    scales.floatData = [1, 1, 2];
    scales.dims = [3n];
    const wrong = () => readOnnx(toBinary(ModelProtoSchema, model), "up.onnx");
    expect(wrong).toThrow('up.onnx: Resize node of "y": its scales must be a constant of the file, one for each axis');
  });

  test("a weight called like the writer's own names does not meet them", async () => {
    const x = constant(Float32Array.of(1, 2), [2], "v0");
    const y = add(relu(mul(x, input("v1", [2]))), constant(Float32Array.of(10, 10), [2]));
    const { sum } = await evaluate({ sum: y }, { v1: floats([3, -4]) });
    expect([...sum!.data]).toEqual([13, 10]);
  });
});

describe("what cannot be read is named, with its file", () => {
  const float = (name: string) =>
    create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: 1 });
  const int = (name: string, i: bigint) =>
    create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i });
  const mistakes: Record<string, [change: (graph: GraphProto, model: ModelProto) => unknown, message: string]> = {
    "unknown operator": [
      ({ node }) => Object.assign(node[0]!, { opType: "Gemm" }),
      'Gemm node of "v0": the operator is not supported',
    ],
    "operator of another domain": [
      ({ node }) => Object.assign(node[0]!, { domain: "com.microsoft" }),
      "is not supported",
    ],
    "an inherited name is no operator": [
      ({ node }) => Object.assign(node[0]!, { opType: "constructor" }),
      "is not supported",
    ],
    "unknown attribute": [
      (graph) => nodeOf(graph, "MatMul").attribute.push(float("alpha")),
      'MatMul node of "v0": attribute "alpha" is not supported',
    ],
    "attribute of another type": [
      (graph) => Object.assign(nodeOf(graph, "Softmax"), { attribute: [float("axis")] }),
      'Softmax node of "y": attribute "axis" must be of type int, got FLOAT',
    ],
    "a rounded-up pooling": [
      (graph) => nodeOf(graph, "MatMul").attribute.push(int("ceil_mode", 1n)),
      'attribute "ceil_mode" is supported as 0 only, got 1',
    ],
    "attribute left out": [
      (graph) => Object.assign(nodeOf(graph, "Softmax"), { attribute: [] }),
      '"axis" must be written out',
    ],
    "a computed shape": [
      (graph) => nodeOf(graph, "Reshape").input.fill("x", 1),
      'attribute "shape" must be an int64 constant',
    ],
    "half precision": [
      ({ initializer }) => Object.assign(initializer[0]!, { dataType: 10 }),
      'weight "w" must be one of float32',
    ],
    "a bool weight": [
      ({ initializer }) => Object.assign(initializer[0]!, { dataType: 9 }),
      'weight "w" must be of a dtype',
    ],
    "a weight of another size": [
      ({ initializer }) => Object.assign(initializer[0]!, { dims: [2n, 5n] }),
      "must have 10 elements, got 8",
    ],
    "weights in another file": [
      ({ initializer }) => Object.assign(initializer[0]!, { dataLocation: TensorProto_DataLocation.EXTERNAL }),
      'weight "w" must lie in the file itself',
    ],
    "an open width": [({ input }) => open(input[0]!, 1), 'only the first axis of "x" may be left open, axis 1 is too'],
    "an input without a shape": [({ input }) => delete input[0]!.type, '"x" must be declared as a tensor'],
    "a node before its input": [({ node }) => node.reverse(), 'input "v1" must be given or computed'],
    "shapes that do not fit": [
      ({ initializer }) => Object.assign(initializer[0]!, { dims: [4n, 2n] }),
      "2 columns meet 4 rows",
    ],
    "another output than declared": [({ output }) => open(output[0]!, 0, 7n), "is declared as float32 [7,2,2]"],
    "an output that no node gives": [
      ({ output }) => Object.assign(output[0]!, { name: "z" }),
      'output "z" must be computed',
    ],
    "an old operator set": [
      (_, { opsetImport }) => Object.assign(opsetImport[0]!, { version: 12n }),
      "must be 13 or later",
    ],
    "no graph": [(_, model) => delete model.graph, "this file holds none"],
  };
  test.each(Object.entries(mistakes))("%s", (_, [change, message]) => {
    const read = () => readOnnx(changed(change), "banks/m1.onnx");
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^banks\/m1\.onnx: [^\n]+$/);
  });

  test("bytes that are not a model", () => {
    const read = () => readOnnx(new TextEncoder().encode("not a model"), "a.onnx");
    expect(read).toThrow(new UserError("a.onnx: the file must be an ONNX model, its 11 bytes are not one"));
  });
});

/** Leaves an axis open, or closes it. */
function open(info: ValueInfoProto, axis: number, size?: bigint) {
  const tensor = info.type!.value.value as { shape: { dim: { value: unknown }[] } };
  tensor.shape.dim[axis]!.value =
    size === undefined ? { case: "dimParam", value: "W" } : { case: "dimValue", value: size };
}

describe("writeOnnx refuses", () => {
  const x = input("x", [2]);
  test("an output that is an input", () => {
    expect(() => writeOnnx({ y: x })).toThrow('output "y" must be computed');
  });
  test("one value as two outputs", () => {
    const y = relu(x);
    expect(() => writeOnnx({ y, z: y })).toThrow('output "z" is also output "y"');
  });
  test("two values of one name", () => {
    expect(() => writeOnnx({ y: add(x, constant(Float32Array.of(1), [1], "x")) })).toThrow('two values are named "x"');
  });
});

test("a value that nothing needs is not in the file", () => {
  const x = input("x", [2]);
  const unused = relu(add(x, input("unread", [2])));
  const { graph } = fromBinary(ModelProtoSchema, writeOnnx({ y: relu(x) }));
  expect(unused.shape).toEqual([2]);
  expect(graph!.node.map(({ opType }) => opType)).toEqual(["Relu"]);
  expect(graph!.input.map(({ name }) => name)).toEqual(["x"]);
});

test("the version of the maker is in the file", () => {
  const model = fromBinary(ModelProtoSchema, writeOnnx({ y: relu(input("x", [1])) }, "0.1.0"));
  expect(model).toMatchObject({ producerName: "med-danet", producerVersion: "0.1.0", irVersion: 10n });
});
