/**
 * @file Symbolic tensors. A graph is the set of values reachable from its outputs: there is no graph object, dead code
 * does not exist, and whoever holds a value can build on it.
 */

import type { DType } from "../platform.ts";

/**
 * Row-major, the last axis varies fastest. A first axis of `BATCH` is unknown until the graph runs; element counts of
 * such a shape are per item.
 */
export type Shape = readonly number[];
export const BATCH = -1;

export type Data = Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

export interface Value {
  readonly dtype: DType | "int8";
  readonly shape: Shape;
  readonly source: Input | Constant | Output;
}
interface Input {
  readonly kind: "input";
  readonly name: string;
}
interface Constant {
  readonly kind: "constant";
  readonly data: Data;
  /** Weights keep their key in the file; other constants are numbered. */
  readonly name?: string;
}
interface Output {
  readonly kind: "node";
  readonly node: Node;
  readonly index: number;
}

export type Attribute = number | string | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;
/** How a file holds an attribute; "input": an int64 list among the inputs, after the others and in the table's order. */
export type AttributeKind = "int" | "float" | "ints" | "string" | "input";

/** ONNX TensorProto.DataType. */
export const ONNX_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attrs: Attributes;
  readonly outputs: readonly Value[];
}

/** What an output shape rule answers: a shape, or a shape with a dtype when it is not the first input's. */
type Inferred = Shape | { readonly shape: Shape; readonly dtype: Value["dtype"] };

/** Multiply-adds of convolution and matrix products, and the same as the paper's tool counted (docs/method.md). */
export interface Cost {
  readonly macs: number;
  readonly paper: number;
}

interface Backward<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: A;
  /** One an output; null where no loss depends on it. */
  readonly cotangents: readonly (Value | null)[];
  /** One an input: false where nobody asks for its cotangent, so that its cost can be saved. */
  readonly needs: readonly boolean[];
}

/** One entry of the op table: all there is to say of an ONNX operator. */
export interface Op<A extends object = never> {
  /** ONNX's own name. */
  readonly type: string;
  /** Operator set; absent: ONNX's own. */
  readonly domain?: string;
  /** Not ONNX's but a name for what `lowering` makes: files hold that, unless a rewrite knew something better. */
  readonly composite?: true;
  /** Every attribute of the op; absent: it has none. */
  readonly attributes?: Readonly<Record<string, AttributeKind>>;
  /** Optional inputs of ONNX that stay empty, between the values and the lists. Absent: 0. */
  readonly emptyInputs?: number;
  infer(inputs: readonly Value[], attrs: A): readonly Inferred[];
  /**
   * Cotangents of the inputs, made of ordinary values, in the shape of the input or of what it was broadcast to.
   * "none": the output is piecewise constant in every input, or is never differentiated.
   */
  readonly grad: ((node: Backward<A>) => readonly (Value | null)[]) | "none";
  /**
   * The same outputs made of ops without a lowering, for devices that have no kernel for this one; null: this use of it
   * runs everywhere. Absent: every device has it.
   */
  lowering?(inputs: readonly Value[], attrs: A): readonly Value[] | null;
  /** Absent: free. */
  cost?(inputs: readonly Value[], outputs: readonly Value[], attrs: A): Cost;
}

type Declared<A> = keyof A extends never ? unknown : { readonly attributes: Record<keyof A, AttributeKind> };
export const defineOp = <A extends object = Record<never, never>>(op: Op<A> & Declared<A>): Op<A> => op;

/** Applies an op; the result holds one value an output. */
export function apply<A extends object>(op: Op<A>, inputs: readonly Value[], attrs: A): readonly Value[] {
  const outputs: Value[] = [];
  const node: Node = { op: op as unknown as Op, inputs, attrs: attrs as Attributes, outputs };
  for (const [index, inferred] of op.infer(inputs, attrs).entries()) {
    const { shape, dtype } = "shape" in inferred ? inferred : { shape: inferred, dtype: inputs[0]!.dtype };
    outputs.push({ dtype, shape, source: { kind: "node", node, index } });
  }
  return outputs;
}

export const apply1 = <A extends object>(op: Op<A>, inputs: readonly Value[], attrs: A): Value =>
  apply(op, inputs, attrs)[0]!;

export const input = (name: string, shape: Shape, dtype: DType = "float32"): Value => ({
  dtype,
  shape,
  source: { kind: "input", name },
});

export function constant(data: Data, shape: Shape, name?: string): Value {
  if (data.length !== count(shape))
    throw new Error(`constant ${name ?? ""}: shape [${shape}] holds ${count(shape)} elements, data has ${data.length}`);
  return { dtype: dtypeOf(data), shape, source: { kind: "constant", data, ...(name === undefined ? {} : { name }) } };
}

/** A float32 scalar, shape []. */
export const scalar = (value: number): Value => constant(Float32Array.of(value), []);

/** Elements of a shape; per item when the batch is unknown. */
export const count = (shape: Shape): number => Math.abs(shape.reduce((a, b) => a * b, 1));

/** One number for each of `rank` axes, where one serves them all. */
export const perAxis = (n: number | readonly number[], rank: number): readonly number[] =>
  typeof n === "number" ? Array<number>(rank).fill(n) : n;

export function dtypeOf(data: Data): Value["dtype"] {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Int8Array ? "int8" : "uint8";
}

/** The nodes that the outputs depend on, each after the nodes it reads. */
export function nodesOf(outputs: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const push = (value: Value) => {
    if (value.source.kind !== "node" || seen.has(value.source.node)) return;
    seen.add(value.source.node);
    stack.push({ node: value.source.node, next: 0 });
  };
  for (const output of outputs) {
    push(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (top.next < top.node.inputs.length) push(top.node.inputs[top.next++]!);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}
