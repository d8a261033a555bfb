/** @file Writes values as an ONNX model, and reads such a model back. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.ts";
import { type Attribute, BATCH, constant, type Data, type Node, nodesOf, type Shape, type Value } from "./value.ts";

const OPSET = 20n; // the first with Gelu
const IR_VERSION = 10n;
const TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

/** An ONNX file of a graph with the given named outputs. Its inputs are the `input` values that they depend on. */
export function writeOnnx(outputs: Readonly<Record<string, Value>>, producerVersion = ""): Uint8Array {
  const nodes = nodesOf(Object.values(outputs));
  const names = nameValues(nodes, outputs);
  const sources = [...names.keys()].filter((value) => value.source.kind !== "node");
  const inputs = sources.filter((value) => value.source.kind === "input");
  const initializers = sources.flatMap((value) =>
    value.source.kind === "constant" ? [tensorProto(names.get(value)!, value.shape, value.source.data)] : [],
  );
  const lists = new Map<string, TensorProto>();
  const nodeProtos = nodes.map((node) => nodeProto(node, names, lists));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: "med-danet",
    producerVersion,
    graph: {
      name: "graph",
      node: nodeProtos,
      initializer: [...initializers, ...lists.values()],
      input: inputs.map((value) => valueInfo(names.get(value)!, value)),
      output: Object.entries(outputs).map(([name, value]) => valueInfo(name, value)),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** A name for every value in the graph; an output that is also read inside keeps its public name there. */
function nameValues(nodes: readonly Node[], outputs: Readonly<Record<string, Value>>): Map<Value, string> {
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(outputs)) {
    if (value.source.kind !== "node") throw new Error(`writeOnnx: output "${name}" must be computed, not an input`);
    if (names.has(value)) throw new Error(`writeOnnx: output "${name}" is also output "${names.get(value)}"`);
    names.set(value, name);
  }
  const nameOf = (value: Value) =>
    value.source.kind === "input"
      ? value.source.name
      : (value.source.kind === "constant" && value.source.name) || `v${names.size}`;
  for (const node of nodes)
    for (const value of [...node.inputs, ...node.outputs]) if (!names.has(value)) names.set(value, nameOf(value));
  return names;
}

function nodeProto(node: Node, names: Map<Value, string>, lists: Map<string, TensorProto>): NodeProto {
  const { op, attrs } = node;
  const listInputs = (op.lists ?? []).map((key) => listInput(attrs[key] as readonly number[], lists));
  const attribute = Object.entries(attrs).flatMap(([key, value]) =>
    value === undefined || op.lists?.includes(key) ? [] : [attributeProto(key, value, op.floats?.includes(key))],
  );
  return create(NodeProtoSchema, {
    opType: op.type,
    input: [...node.inputs.map((value) => names.get(value)!), ...listInputs],
    output: node.outputs.map((value) => names.get(value)!),
    attribute,
  });
}

/** Name of the int64 initializer that holds a list; equal lists share one. */
function listInput(list: readonly number[], lists: Map<string, TensorProto>): string {
  const name = `list[${list}]`;
  if (!lists.has(name)) lists.set(name, tensorProto(name, [list.length], BigInt64Array.from(list, BigInt)));
  return name;
}

function attributeProto(name: string, value: Attribute, isFloat = false): AttributeProto {
  const type = AttributeProto_AttributeType;
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: type.STRING, s: new TextEncoder().encode(value) });
  if (typeof value !== "number")
    return create(AttributeProtoSchema, { name, type: type.INTS, ints: value.map((n) => BigInt(n)) });
  if (isFloat) return create(AttributeProtoSchema, { name, type: type.FLOAT, f: value });
  return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value) });
}

function tensorProto(name: string, shape: Shape, data: Data): TensorProto {
  const dataType = { Float32Array: 1, Uint8Array: 2, Int8Array: 3, Int32Array: 6, BigInt64Array: 7 }[
    data.constructor.name
  ]!;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map((n) => BigInt(n)), dataType, rawData });
}

function valueInfo(name: string, value: Value): ValueInfoProto {
  const dim = value.shape.map((n) => ({
    value: n === BATCH ? { case: "dimParam" as const, value: "N" } : { case: "dimValue" as const, value: BigInt(n) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: TYPE[value.dtype], shape: { dim } } } },
  });
}

export type { ModelProto };
export const decodeOnnx = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);
export { constant };
