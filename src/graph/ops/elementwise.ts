/** @file Elementwise ops. Operands broadcast as in NumPy; `gradient` sums the cotangents back. */

import { apply1, defineOp, ONNX_TYPE, type Op, type Shape, scalar, type Value } from "../value.ts";

/** Shape of `a` and `b` broadcast together. */
export function broadcast(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (m !== n && m !== 1 && n !== 1) throw new Error(`${where}: shapes [${a}] and [${b}] do not broadcast`);
    return m === 1 ? n : m;
  });
}

/** Times the difference of two float32, tiny ones aside, this is above 1. */
const STEEP = 1e30;

type Binary = (a: Value, b: Value) => Value;
type Unary = (x: Value) => Value;
type Grad = Op<Record<never, never>>["grad"];

const binaryOp = (type: string, grad: Grad) =>
  defineOp({ type, infer: ([a, b]) => [broadcast(a!.shape, b!.shape, type)], grad });
const comparison = (type: string) =>
  defineOp({
    type,
    infer: ([a, b]) => [{ shape: broadcast(a!.shape, b!.shape, type), dtype: "bool" as const }],
    grad: "none",
  });
const unaryOp = (type: string, grad: Grad) => defineOp({ type, infer: ([x]) => [x!.shape], grad });
const binary =
  (op: Op<Record<never, never>>): Binary =>
  (a, b) =>
    apply1(op, [a, b], {});
const unary =
  (op: Op<Record<never, never>>): Unary =>
  (x) =>
    apply1(op, [x], {});

export const Add = binaryOp("Add", ({ cotangents: [dy] }) => [dy!, dy!]);
export const Sub = binaryOp("Sub", ({ cotangents: [dy], needs }) => [dy!, needs[1] ? neg(dy!) : null]);
// d(a b) = b da + a db
export const Mul = binaryOp("Mul", ({ inputs: [a, b], cotangents: [dy], needs }) => [
  needs[0] ? mul(dy!, b!) : null,
  needs[1] ? mul(dy!, a!) : null,
]);
// d(a / b) = da / b - (a / b) db / b
export const Div = binaryOp("Div", ({ inputs: [, b], outputs: [y], cotangents: [dy], needs }) => [
  needs[0] ? div(dy!, b!) : null,
  needs[1] ? neg(div(mul(dy!, y!), b!)) : null,
]);
// The larger operand takes the cotangent; equal operands: the second.
export const Max = binaryOp("Max", ({ inputs: [a, b], cotangents: [dy] }) => {
  const first = cast(greater(a!, b!), "float32");
  return [mul(dy!, first), mul(dy!, sub(scalar(1), first))];
});
export const Greater = comparison("Greater");
export const Equal = comparison("Equal");

export const Neg = unaryOp("Neg", ({ cotangents: [dy] }) => [neg(dy!)]);
export const Exp = unaryOp("Exp", ({ outputs: [y], cotangents: [dy] }) => [mul(dy!, y!)]);
export const Log = unaryOp("Log", ({ inputs: [x], cotangents: [dy] }) => [div(dy!, x!)]);
// d sqrt(x) = dx / (2 sqrt(x))
export const Sqrt = unaryOp("Sqrt", ({ outputs: [y], cotangents: [dy] }) => [div(mul(dy!, scalar(0.5)), y!)]);
// d erf(x) = 2 / sqrt(pi) exp(-x^2) dx
export const Erf = unaryOp("Erf", ({ inputs: [x], cotangents: [dy] }) => [
  mul(dy!, mul(scalar(2 / Math.sqrt(Math.PI)), exp(neg(mul(x!, x!))))),
]);
// d relu(x) = [y > 0] dx
export const Relu = unaryOp("Relu", ({ outputs: [y], cotangents: [dy] }) => [apply1(ReluGrad, [y!, dy!], {})]);
const ReluGrad = defineOp({
  type: "ReluGrad",
  composite: true,
  infer: ([y]) => [y!.shape],
  grad: "none",
  lowering: ([y, dy]) => [mul(dy!, isAbove(y!, 0))],
});
// gelu(x) = x Phi(x);  d gelu(x) = (Phi(x) + x phi(x)) dx, Phi and phi of the standard normal. With u = x / sqrt(2):
// Phi(x) = (1 + erf(u)) / 2, x phi(x) = u exp(log(1 / sqrt(pi)) - u^2), nine passes over x in all
export const Gelu = unaryOp("Gelu", ({ inputs: [x], cotangents: [dy] }) => {
  const u = mul(x!, scalar(Math.SQRT1_2));
  const cdf = hardSigmoid(erf(u), { alpha: 0.5, beta: 0.5 });
  const slope = mul(u, exp(sub(scalar(-0.5 * Math.log(Math.PI)), mul(u, u))));
  return [mul(dy!, add(cdf, slope))];
});
// d sigmoid(x) = y (1 - y) dx
export const Sigmoid = unaryOp("Sigmoid", ({ outputs: [y], cotangents: [dy] }) => [
  mul(dy!, mul(y!, sub(scalar(1), y!))),
]);
// elu(x) = x, below 0 e^x - 1;  d elu(x) = min(y + 1, 1) dx
export const Elu = unaryOp("Elu", ({ outputs: [y], cotangents: [dy] }) => [mul(dy!, sub(scalar(1), relu(neg(y!))))]);
/** x, and the scalars that it stays between. */
export const Clip = defineOp({
  type: "Clip",
  infer: ([x]) => [x!.shape],
  // Nothing passes where a bound was reached.
  grad: ({ inputs: [, low, high], outputs: [y], cotangents: [dy] }) => {
    const inside = mul(cast(greater(y!, low!), "float32"), cast(greater(high!, y!), "float32"));
    return [mul(dy!, inside), null, null];
  },
});
/** clip(alpha x + beta, 0, 1), in one pass over x. */
export const HardSigmoid = defineOp<{ alpha: number; beta: number }>({
  type: "HardSigmoid",
  attributes: { alpha: "float", beta: "float" },
  infer: ([x]) => [x!.shape],
  grad: ({ outputs: [y], attrs: { alpha }, cotangents: [dy] }) => {
    const inside = mul(isAbove(y!, 0), sub(scalar(1), isAbove(y!, 1 - 2 ** -24)));
    return [mul(dy!, mul(inside, scalar(alpha)))];
  },
});
export const Floor = unaryOp("Floor", "none");

/** `to` is the ONNX number of a dtype. */
export const Cast = defineOp<{ to: number }>({
  type: "Cast",
  attributes: { to: "int" },
  infer: ([x], { to }) => [{ shape: x!.shape, dtype: dtypeFor(to) }],
  grad: ({ inputs: [x], cotangents: [dy] }) => [x!.dtype === "float32" ? dy! : null],
});
function dtypeFor(code: number): Value["dtype"] {
  const found = Object.entries(ONNX_TYPE).find(([, n]) => n === code);
  if (!found) throw new Error(`Cast: to must be one of ${Object.keys(ONNX_TYPE)}, got ONNX type ${code}`);
  return found[0] as Value["dtype"];
}

export const add = binary(Add);
export const sub = binary(Sub);
export const mul = binary(Mul);
export const div = binary(Div);
export const max = binary(Max);
export const greater = binary(Greater);
export const equal = binary(Equal);
export const neg = unary(Neg);
export const exp = unary(Exp);
export const log = unary(Log);
export const sqrt = unary(Sqrt);
export const erf = unary(Erf);
export const relu = unary(Relu);
export const gelu = unary(Gelu);
export const sigmoid = unary(Sigmoid);
export const elu = unary(Elu);
export const clip = (x: Value, low: number, high: number): Value => apply1(Clip, [x, scalar(low), scalar(high)], {});
export const hardSigmoid = (x: Value, attrs: { alpha: number; beta: number }): Value => apply1(HardSigmoid, [x], attrs);
/** 1 where x > threshold, else 0 (a fraction where x is less than 1e-30 above it): one pass, where Greater and Cast are two. */
export const isAbove = (x: Value, threshold: number): Value =>
  hardSigmoid(x, { alpha: STEEP, beta: -STEEP * threshold });
export const floor = unary(Floor);
export const cast = (x: Value, to: keyof typeof ONNX_TYPE): Value =>
  x.dtype === to ? x : apply1(Cast, [x], { to: ONNX_TYPE[to] });
