/** @file Writes values as an ONNX model, to be run once or in turns. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Carry } from "../platform.ts";
import { expandComposites } from "./lower.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.ts";
import {
  type Attribute,
  type AttributeKind,
  BATCH,
  type Data,
  dtypeOf,
  type Node,
  nodesOf,
  ONNX_TYPE,
  type Shape,
  type Value,
} from "./value.ts";

const OPSET = 20n; // the first with Gelu
const IR_VERSION = 10n;
/** Names that the writer gives; a constant read back under such a name has none of its own. */
export const NUMBERED = /^v\d+$/;

/** An ONNX file of a graph with the given named outputs. Its inputs are the `input` values that they depend on. */
export function writeOnnx(values: Readonly<Record<string, Value>>, producerVersion = ""): Uint8Array {
  const outputs = expandComposites(values);
  const { inputs, names, domains, ...content } = writeNodes(outputs);
  const graph = {
    ...content,
    input: inputs.map((value) => valueInfo(names.get(value)!, value)),
    output: Object.entries(outputs).map(([name, value]) => valueInfo(name, value)),
  };
  return writeModel(graph, domains, producerVersion);
}

/**
 * An ONNX file that runs a graph in turns. An input that `carry` names is the output of the turn before; of every other
 * input a turn reads the next part. Inputs: `turns` [] (int64), the carried ones, the others with a first axis of `most`.
 * Outputs: the carried ones after the last turn, the others with a first axis of `turns`.
 */
export function writeTurns(
  values: Readonly<Record<string, Value>>,
  { carry, most }: { carry: Carry; most: number },
): Uint8Array {
  const outputs = expandComposites(values);
  // A name of the graph around the loop must not be given again inside it.
  const inside = (name: string) => `turn.${name}`;
  const { inputs, names, domains, ...content } = writeNodes(outputs, inside);
  const named = inputs.map((value) => ({ name: (value.source as { name: string }).name, value }));
  const carried = named.filter(({ name }) => name in carry);
  const parts = named.filter(({ name }) => !(name in carry));
  const kept = carried.map(({ name }) => carry[name]!);
  const stacked = Object.keys(outputs).filter((name) => !kept.includes(name));
  const [turn, go] = [
    { dtype: "int64", shape: [] },
    { dtype: "bool", shape: [] },
  ] as const;
  const body = create(GraphProtoSchema, {
    ...content,
    name: "turn",
    node: [
      ...parts.map(({ name }) => plainNode("Gather", [name, inside("index")], [inside(name)])),
      ...content.node,
      plainNode("Identity", [inside("go")], [inside("on")]),
    ],
    input: [
      ...[valueInfo(inside("index"), turn), valueInfo(inside("go"), go)],
      ...carried.map(({ name, value }) => valueInfo(inside(name), value)),
    ],
    output: [
      valueInfo(inside("on"), go),
      ...[...kept, ...stacked].map((name) => valueInfo(inside(name), outputs[name]!)),
    ],
  });
  const loop = plainNode("Loop", ["turns", "", ...carried.map(({ name }) => name)], [...kept, ...stacked]);
  loop.attribute.push(
    create(AttributeProtoSchema, { name: "body", type: AttributeProto_AttributeType.GRAPH, g: body }),
  );
  const withFirst = (n: number, { dtype, shape }: Value) => ({ dtype, shape: [n, ...shape] });
  const graph = {
    node: [loop],
    input: [
      valueInfo("turns", turn),
      ...carried.map(({ name, value }) => valueInfo(name, value)),
      ...parts.map(({ name, value }) => valueInfo(name, withFirst(most, value))),
    ],
    output: [
      ...kept.map((name) => valueInfo(name, outputs[name]!)),
      ...stacked.map((name) => valueInfo(name, withFirst(BATCH, outputs[name]!))),
    ],
  };
  return writeModel(graph, domains);
}

function writeModel(
  graph: Pick<Partial<GraphProto>, "initializer"> & Pick<GraphProto, "node" | "input" | "output">,
  domains: readonly string[],
  producerVersion = "",
): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }, ...domains.map((domain) => ({ domain, version: 1n }))],
    producerName: "med-danet",
    producerVersion,
    graph: { name: "graph", ...graph },
  });
  return toBinary(ModelProtoSchema, model);
}

/** Nodes and constants of a graph; `rename` is applied to every name in it. */
function writeNodes(outputs: Readonly<Record<string, Value>>, rename = (name: string) => name) {
  const nodes = nodesOf(Object.values(outputs));
  const given = nameValues(nodes, outputs);
  const names = new Map([...given].map(([value, name]) => [value, rename(name)]));
  const sources = [...names.keys()].filter((value) => value.source.kind !== "node");
  const constants = sources.flatMap((value) =>
    value.source.kind === "constant" ? [tensorProto(names.get(value)!, value.shape, value.source.data)] : [],
  );
  const lists = new Map<string, TensorProto>();
  return {
    node: nodes.map((node) => nodeProto(node, names, lists)),
    initializer: [...constants, ...lists.values()],
    inputs: sources.filter((value) => value.source.kind === "input"),
    names,
    domains: [...new Set(nodes.flatMap(({ op }) => op.domain ?? []))],
  };
}

const plainNode = (opType: string, inputs: string[], outputs: string[]): NodeProto =>
  create(NodeProtoSchema, { opType, input: inputs, output: outputs });

/** A name for every value in the graph; an output that is also read inside keeps its public name there. */
function nameValues(nodes: readonly Node[], outputs: Readonly<Record<string, Value>>): Map<Value, string> {
  const values = new Set(nodes.flatMap((node) => [...node.inputs, ...node.outputs]));
  const own = ownNames(values, outputs);
  const taken = new Set(own.values());
  if (taken.size < own.size) {
    const twice = [...own.values()].find((name, i, all) => all.indexOf(name) !== i);
    throw new Error(`writeOnnx: two values are named "${twice}"`);
  }
  let next = 0;
  const number = () => {
    while (taken.has(`v${next}`)) next++;
    return `v${next++}`;
  };
  return new Map([...values].map((value) => [value, own.get(value) ?? number()]));
}

/** The names of outputs, inputs and weights. */
function ownNames(values: Iterable<Value>, outputs: Readonly<Record<string, Value>>): Map<Value, string> {
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(outputs)) {
    if (value.source.kind !== "node") throw new Error(`writeOnnx: output "${name}" must be computed, not an input`);
    if (names.has(value)) throw new Error(`writeOnnx: output "${name}" is also output "${names.get(value)}"`);
    names.set(value, name);
  }
  for (const value of values)
    if (value.source.kind !== "node" && value.source.name) names.set(value, value.source.name);
  return names;
}

function nodeProto(node: Node, names: Map<Value, string>, lists: Map<string, TensorProto>): NodeProto {
  const { op, attrs } = node;
  const attributes = Object.entries(op.attributes ?? {});
  const listInputs = attributes.flatMap(([key, kind]) =>
    kind === "input" ? [listInput(attrs[key] as readonly number[], lists)] : [],
  );
  return create(NodeProtoSchema, {
    opType: op.type,
    domain: op.domain ?? "",
    input: [...node.inputs.map((value) => names.get(value)!), ...Array(op.emptyInputs ?? 0).fill(""), ...listInputs],
    output: node.outputs.map((value) => names.get(value)!),
    attribute: attributes.flatMap(([key, kind]) => (kind === "input" ? [] : [attributeProto(key, kind, attrs[key]!)])),
  });
}

/** Name of the int64 initializer that holds a list; equal lists share one. */
function listInput(list: readonly number[], lists: Map<string, TensorProto>): string {
  const name = `list[${list}]`;
  if (!lists.has(name)) lists.set(name, tensorProto(name, [list.length], BigInt64Array.from(list, BigInt)));
  return name;
}

function attributeProto(name: string, kind: Exclude<AttributeKind, "input">, value: Attribute): AttributeProto {
  const type = AttributeProto_AttributeType;
  const content = {
    int: () => ({ type: type.INT, i: BigInt(value as number) }),
    float: () => ({ type: type.FLOAT, f: value as number }),
    ints: () => ({ type: type.INTS, ints: (value as readonly number[]).map(BigInt) }),
    string: () => ({ type: type.STRING, s: new TextEncoder().encode(value as string) }),
  }[kind]();
  return create(AttributeProtoSchema, { name, ...content });
}

function tensorProto(name: string, shape: Shape, data: Data): TensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: ONNX_TYPE[dtypeOf(data)], rawData });
}

function valueInfo(name: string, value: Pick<Value, "dtype" | "shape">): ValueInfoProto {
  const dim = value.shape.map((n) => ({
    value: n === BATCH ? { case: "dimParam" as const, value: "N" } : { case: "dimValue" as const, value: BigInt(n) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: ONNX_TYPE[value.dtype], shape: { dim } } } },
  });
}
