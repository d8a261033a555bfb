/** @file Matrix products. */

import { apply1, count, defineOp, type Shape, type Value } from "../value.ts";
import { broadcast } from "./elementwise.ts";
import { reshape, transpose } from "./shape.ts";

/** `[..., m, k] x [..., k, n] -> [..., m, n]`, leading axes broadcast. */
export const MatMul = defineOp({
  type: "MatMul",
  infer: ([a, b]) => {
    const [m, k] = a!.shape.slice(-2) as [number, number];
    const [rows, n] = b!.shape.slice(-2) as [number, number];
    if (k !== rows) throw new Error(`MatMul: [${a!.shape}] x [${b!.shape}], ${k} columns meet ${rows} rows`);
    return [[...broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2), "MatMul"), m, n]];
  },
  // Y = A B: dA = dY B^T, dB = A^T dY
  grad: ({ inputs: [a, b], cotangents: [dy], needs }) => [
    needs[0] ? matmul(dy!, transposeLast(b!)) : null,
    needs[1] ? rightCotangent(a!, b!, dy!) : null,
  ],
  cost: ([a], [y]) => {
    const macs = count(y!.shape) * a!.shape.at(-1)!;
    return { macs, paper: macs };
  },
});

/** A shared right operand takes one product over all rows instead of one an item and a sum: [R, k]^T [R, n]. */
function rightCotangent(a: Value, b: Value, dy: Value): Value {
  if (b.shape.length > 2 || a.shape.length === 2) return matmul(transposeLast(a), dy);
  const rows = (x: Value): Shape => [count(x.shape.slice(0, -1)), x.shape.at(-1)!];
  return matmul(transposeLast(reshape(a, rows(a))), reshape(dy, rows(dy)));
}

export const matmul = (a: Value, b: Value): Value => apply1(MatMul, [a, b], {});

/** Swaps the last two axes. ONNX Runtime folds this into the product that reads it (FusedMatMul). */
export const transposeLast = (x: Value): Value => {
  const n = x.shape.length;
  return transpose(x, [...Array(n - 2).keys(), n - 1, n - 2]);
};
