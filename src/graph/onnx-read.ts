/** @file Reads an ONNX model of known operators back as values: what `writeOnnx` writes, and what other tools write alike. */

import { fromBinary } from "@bufbuild/protobuf";
import { UserError } from "../error.ts";
import { NUMBERED } from "./onnx.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from "./onnx_pb.ts";
import { ops } from "./ops/index.ts";
import { Resize } from "./ops/resize.ts";
import {
  type Attribute,
  type AttributeKind,
  type Attributes,
  apply,
  BATCH,
  constant,
  count,
  type Data,
  input,
  type Node,
  ONNX_TYPE,
  type Op,
  type Shape,
  type Value,
} from "./value.ts";

export interface OnnxGraph {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** From this operator set on, every op of the table means what its shape rule says. */
const OLDEST_OPSET = 13n;

/**
 * The graph of a model file; `name` names the file in messages. A symbolic first axis becomes `BATCH`. Throws a
 * `UserError` for a file that is not ONNX, an operator or attribute outside the table, another dtype, another symbolic
 * axis, and outputs whose declared shape is not the one that the graph gives.
 */
export function readOnnx(bytes: Uint8Array, name: string): OnnxGraph {
  const graph = decode(bytes, name);
  const values = new Map<string, Value>();
  for (const tensor of graph.initializer) values.set(tensor.name, readConstant(tensor, name));
  const inputs: Record<string, Value> = {};
  for (const info of graph.input) {
    if (values.has(info.name)) continue; // ONNX before IR 4 lists its weights here too
    const { shape, dtype } = readInfo(info, name);
    if (dtype === "int8") throw new UserError(`${name}: input "${info.name}" must be of another dtype than int8`);
    inputs[info.name] = input(info.name, shape, dtype);
    values.set(info.name, inputs[info.name]!);
  }
  for (const node of graph.node)
    for (const [i, value] of (readConstantNode(node, name) ?? readNode(node, values, name)).entries())
      if (node.output[i]) values.set(node.output[i], value);
  return { inputs, outputs: Object.fromEntries(graph.output.map((info) => [info.name, output(info, values, name)])) };
}

function decode(bytes: Uint8Array, name: string): GraphProto {
  const { graph, opsetImport } = parse(bytes, name);
  if (!graph) throw new UserError(`${name}: an ONNX model must hold a graph, this file holds none`);
  const version = opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 0n;
  if (version < OLDEST_OPSET)
    throw new UserError(`${name}: the operator set must be ${OLDEST_OPSET} or later, the file states ${version}`);
  return graph;
}

function parse(bytes: Uint8Array, name: string) {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    throw new UserError(`${name}: the file must be an ONNX model, its ${bytes.length} bytes are not one`);
  }
}

function output(info: ValueInfoProto, values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(info.name);
  if (!value) throw new UserError(`${name}: output "${info.name}" must be computed by the graph, no node gives it`);
  const { shape, dtype } = readInfo(info, name);
  if (dtype !== value.dtype || String(shape) !== String(value.shape))
    throw new UserError(
      `${name}: output "${info.name}" is declared as ${dtype} [${shape}], the graph gives ${value.dtype} [${value.shape}]`,
    );
  return value;
}

/** Shape and dtype as declared. */
function readInfo({ name: key, type }: ValueInfoProto, name: string): { shape: Shape; dtype: Value["dtype"] } {
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  if (!tensor?.shape) throw new UserError(`${name}: "${key}" must be declared as a tensor with a shape`);
  const shape = tensor.shape.dim.map(({ value }, axis) => {
    if (value.case === "dimValue") return Number(value.value);
    if (axis === 0) return BATCH;
    throw new UserError(`${name}: only the first axis of "${key}" may be left open, axis ${axis} is too`);
  });
  return { shape, dtype: dtypeOfCode(tensor.elemType, `${name}: "${key}"`) };
}

function dtypeOfCode(code: number, where: string): Value["dtype"] {
  const found = Object.entries(ONNX_TYPE).find(([, known]) => known === code);
  if (!found)
    throw new UserError(`${where} must be one of ${Object.keys(ONNX_TYPE).join(", ")}, got ONNX type ${code}`);
  return found[0] as Value["dtype"];
}

function readConstant(tensor: TensorProto, name: string): Value {
  const where = `${name}: weight "${tensor.name}"`;
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw new UserError(`${where} must lie in the file itself, it is in another one`);
  const shape = tensor.dims.map(Number);
  const data = elements(tensor, dtypeOfCode(tensor.dataType, where), where);
  if (data.length !== count(shape))
    throw new UserError(`${where} of shape [${shape}] must have ${count(shape)} elements, got ${data.length}`);
  return constant(data, shape, NUMBERED.test(tensor.name) ? undefined : tensor.name);
}

/** What a `Constant` node holds as a tensor; undefined for other nodes. */
function readConstantNode({ opType, attribute, output }: NodeProto, name: string): Value[] | undefined {
  if (opType !== "Constant") return undefined;
  const tensor = attribute.find((one) => one.name === "value")?.t;
  if (!tensor) throw new UserError(`${name}: Constant node of "${output[0]}" must hold its value as a tensor`);
  return [readConstant(Object.assign(tensor, { name: output[0]! }), name)];
}

/** Little-endian bytes in `rawData`, or the typed list of the dtype. */
function elements(tensor: TensorProto, dtype: Value["dtype"], where: string): Data {
  const { floatData, int32Data, int64Data } = tensor;
  const raw = tensor.rawData.length > 0 ? new Uint8Array(tensor.rawData).buffer : undefined; // a copy: aligned
  if (dtype === "float32") return raw ? new Float32Array(raw) : Float32Array.from(floatData);
  if (dtype === "int64") return raw ? new BigInt64Array(raw) : BigInt64Array.from(int64Data);
  if (dtype === "int32") return raw ? new Int32Array(raw) : Int32Array.from(int32Data);
  if (dtype === "int8") return raw ? new Int8Array(raw) : Int8Array.from(int32Data);
  if (dtype === "uint8") return raw ? new Uint8Array(raw) : Uint8Array.from(int32Data);
  throw new UserError(`${where} must be of a dtype that constants may have, ${dtype} is not`);
}

function readNode(node: NodeProto, values: ReadonlyMap<string, Value>, name: string): readonly Value[] {
  const where = `${name}: ${node.opType} node of "${node.output[0]}"`;
  const known = Object.hasOwn(ops, node.opType) && (node.domain === "" || node.domain === "ai.onnx");
  if (!known)
    throw new UserError(`${where}: the operator is not supported; supported are: ${Object.keys(ops).join(", ")}`);
  if (node.opType === "Resize" && node.input.length === 3) return readScaling(node, values, where);
  const op = ops[node.opType as keyof typeof ops] as unknown as Op<Attributes>;
  const operands = node.input.flatMap((key) => {
    if (key === "" && op.emptyInputs) return [];
    const value = values.get(key);
    if (!value) throw new UserError(`${where}: input "${key}" must be given or computed by a node before it`);
    return value;
  });
  const { inputs, attrs } = readAttributes(node, op, { operands, where });
  try {
    return apply(op, inputs, attrs);
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`);
  }
}

/** `Resize` as PyTorch writes it: constant factors for all axes, where ours has sizes of those that change. */
function readScaling(node: NodeProto, values: ReadonlyMap<string, Value>, where: string): readonly Value[] {
  const [x, , scales] = node.input.map((key) => values.get(key));
  const factors = scales?.source.kind === "constant" ? Array.from(scales.source.data, Number) : undefined;
  if (!x || factors?.length !== x.shape.length || factors[0] !== 1)
    throw new UserError(`${where}: its scales must be a constant of the file, one for each axis, 1 for the first`);
  const text = (key: string, otherwise: string) =>
    new TextDecoder().decode(node.attribute.find(({ name }) => name === key)?.s) || otherwise;
  const axes = [...x.shape.keys()].slice(1);
  try {
    return apply(Resize, [x], {
      ...{
        axes,
        mode: text("mode", "nearest"),
        sizes: axes.map((axis) => Math.floor(x.shape[axis]! * factors[axis]!)),
      },
      coordinate_transformation_mode: text("coordinate_transformation_mode", "half_pixel"),
    });
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`);
  }
}

/** Attributes of a node; the last of its operands are those that ONNX wants as tensors. Negative axes count from 0 then. */
function readAttributes(
  node: NodeProto,
  op: Op<Attributes>,
  { operands, where }: { operands: readonly Value[]; where: string },
): Pick<Node, "inputs" | "attrs"> {
  const kinds = op.attributes ?? {};
  for (const attribute of node.attribute)
    if (!Object.hasOwn(kinds, attribute.name) || kinds[attribute.name] === "input")
      requireImplied(attribute, operands, where);
  const keys = Object.keys(kinds);
  const first = operands.length - keys.filter((key) => kinds[key] === "input").length;
  let next = first;
  const rank = operands[0]?.shape.length ?? 0;
  const attrs = keys.map((key) => {
    const kind = kinds[key]!;
    const place = `${where}: attribute "${key}"`;
    const value = kind === "input" ? listOf(operands[next++], place) : attributeOf(node, { key, kind, place, rank });
    return [key, key === "axis" || key === "axes" ? countFromZero(value, rank) : value] as const;
  });
  return { inputs: operands.slice(0, first), attrs: Object.fromEntries(attrs) };
}

/** Attributes that the ops here lack, because each stands for one value, that other tools write out. */
const implied: Readonly<Record<string, (operands: readonly Value[]) => string>> = {
  dilations: ([x]) => String(x!.shape.slice(2).map(() => 1)),
  kernel_shape: ([, w]) => String(w?.shape.slice(2)),
  ceil_mode: () => "0",
  storage_order: () => "0",
};

function requireImplied(attribute: AttributeProto, operands: readonly Value[], where: string) {
  const { name, ints, i } = attribute;
  if (!Object.hasOwn(implied, name)) throw new UserError(`${where}: attribute "${name}" is not supported`);
  const [expected, found] = [implied[name]!(operands), String(ints.length > 0 ? ints : i)];
  if (found !== expected)
    throw new UserError(`${where}: attribute "${name}" is supported as ${expected} only, got ${found}`);
}

/** What ONNX means where a convolution or a pooling leaves an attribute out. */
const defaults: Readonly<Record<string, (axes: number) => Attribute>> = {
  group: () => 1,
  strides: (axes) => Array<number>(axes).fill(1),
  pads: (axes) => Array<number>(2 * axes).fill(0),
  output_padding: (axes) => Array<number>(axes).fill(0),
};

function countFromZero(axes: Attribute, rank: number): Attribute {
  const one = (axis: number) => (axis < 0 ? axis + rank : axis);
  return typeof axes === "number" ? one(axes) : (axes as readonly number[]).map(one);
}

/** A list that ONNX keeps as an int64 constant; "to the end" may be written as the largest int64. */
function listOf(operand: Value | undefined, place: string): readonly number[] {
  const source = operand?.source;
  if (source?.kind !== "constant" || !(source.data instanceof BigInt64Array))
    throw new UserError(`${place} must be an int64 constant of the file`);
  return Array.from(source.data, (n) => Math.min(Number(n), Number.MAX_SAFE_INTEGER));
}

function attributeOf(
  node: NodeProto,
  { key, kind, place, rank }: { key: string; kind: AttributeKind; place: string; rank: number },
): Attribute {
  const found = node.attribute.find(({ name }) => name === key);
  if (!found && Object.hasOwn(defaults, key)) return defaults[key]!(rank - 2);
  if (!found) throw new UserError(`${place} must be written out, the file leaves it to its default`);
  const value = contentOf(found, kind);
  if (value === undefined)
    throw new UserError(`${place} must be of type ${kind}, got ${AttributeProto_AttributeType[found.type]}`);
  return value;
}

function contentOf({ type, i, f, ints, s }: AttributeProto, kind: AttributeKind): Attribute | undefined {
  const types = AttributeProto_AttributeType;
  if (kind === "int" && type === types.INT) return Number(i);
  if (kind === "float" && type === types.FLOAT) return f;
  if (kind === "ints" && type === types.INTS) return ints.map(Number);
  return kind === "string" && type === types.STRING ? new TextDecoder().decode(s) : undefined;
}
