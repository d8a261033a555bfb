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

/** A name and what a file says of the value that has it. */
type Named = readonly [string, Pick<Value, "dtype" | "shape">];

const infos = (all: readonly Named[], rename = (name: string) => name) =>
  all.map(([name, value]) => valueInfo(rename(name), value));

/** An ONNX file of a graph with the given named outputs. Its inputs are the `input` values that they depend on. */
export function writeOnnx(values: Readonly<Record<string, Value>>, producerVersion = ""): Uint8Array {
  const outputs = expandComposites(values);
  const { inputs, domains, ...content } = writeNodes(outputs);
  return writeModel(
    { ...content, input: infos(inputs), output: infos(Object.entries(outputs)) },
    { domains, producerVersion },
  );
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
  const { inputs, domains, node, initializer } = writeNodes(outputs, inside);
  const carried = inputs.filter(([name]) => name in carry);
  const parts = inputs.filter(([name]) => !(name in carry));
  const kept = carried.map(([name]): Named => [carry[name]!, outputs[carry[name]!]!]);
  const stacked = Object.entries(outputs).filter(([name]) => !kept.some(([other]) => other === name));
  const [index, go]: Named[] = [
    ["index", { dtype: "int64", shape: [] }],
    ["go", { dtype: "bool", shape: [] }],
  ];
  const read = parts.map(([name]) => plainNode("Gather", [name, inside("index")], [inside(name)]));
  const body = create(GraphProtoSchema, {
    ...{ name: "turn", initializer },
    node: [...read, ...node, plainNode("Identity", [inside("go")], [inside("on")])],
    input: infos([index!, go!, ...carried], inside),
    output: infos([["on", go![1]], ...kept, ...stacked], inside),
  });
  const results = [...kept, ...stacked].map(([name]) => name);
  const loop = plainNode("Loop", ["turns", "", ...carried.map(([name]) => name)], results);
  const { GRAPH } = AttributeProto_AttributeType;
  loop.attribute.push(create(AttributeProtoSchema, { name: "body", type: GRAPH, g: body }));
  const withFirst = (n: number, [name, { dtype, shape }]: Named): Named => [name, { dtype, shape: [n, ...shape] }];
  const input = infos([["turns", index![1]], ...carried, ...parts.map((one) => withFirst(most, one))]);
  const output = infos([...kept, ...stacked.map((one) => withFirst(BATCH, one))]);
  return writeModel({ node: [loop], input, output }, { domains });
}

function writeModel(
  graph: Partial<Pick<GraphProto, "node" | "initializer" | "input" | "output">>,
  { domains, producerVersion = "" }: { domains: readonly string[]; producerVersion?: string },
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

/** Nodes and constants of a graph, every name in them changed by `rename`, and its inputs. */
function writeNodes(outputs: Readonly<Record<string, Value>>, rename = (name: string) => name) {
  const nodes = nodesOf(Object.values(outputs));
  const names = new Map([...nameValues(nodes, outputs)].map(([value, name]) => [value, rename(name)]));
  const lists = new Map<string, TensorProto>();
  const inputs: Named[] = [];
  const constants: TensorProto[] = [];
  for (const [value, name] of names) {
    const { source } = value;
    if (source.kind === "input") inputs.push([source.name, value]);
    if (source.kind === "constant") constants.push(tensorProto(name, value.shape, source.data));
  }
  const node = nodes.map((one) => nodeProto(one, names, lists));
  const domains = [...new Set(nodes.flatMap(({ op }) => op.domain ?? []))];
  return { node, initializer: [...constants, ...lists.values()], inputs, domains };
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

function valueInfo(name: string, value: Named[1]): ValueInfoProto {
  const dim = value.shape.map((n) => ({
    value: n === BATCH ? { case: "dimParam" as const, value: "N" } : { case: "dimValue" as const, value: BigInt(n) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: ONNX_TYPE[value.dtype], shape: { dim } } } },
  });
}
