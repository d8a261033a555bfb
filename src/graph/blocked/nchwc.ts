/**
 * @file ONNX Runtime's blocked convolutions (NCHWc, CPU only) as ops. A blocked value has the shape [N, C, H, W] with C a
 * multiple of the block b, and the memory [N, C / b, H, W, b]; channels past the real ones are 0. On one AVX-512 core,
 * batch 8, C -> C 3x3, Conv and this one do 48 and 86 GMAC/s at 16x128x128, 66 and 107 at 32x64x64, 80 and 113 at
 * 64x32x32, 92 and 108 at 128x16x16 (a matrix product: 97).
 */

import { pad, zeros } from "../ops/shape.ts";
import { apply1, defineOp, type Shape, type Value } from "../value.ts";

const domain = "com.microsoft.nchwc";

interface NchwcConvAttributes {
  readonly group: number;
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}
interface FusedConvAttributes extends NchwcConvAttributes {
  readonly activation: "Relu";
}

function convShape([x, w]: readonly Value[], { strides, pads }: NchwcConvAttributes): readonly Shape[] {
  const size = [0, 1].map((i) => {
    const extent = x!.shape[i + 2]! + pads[i]! + pads[i + 2]! - w!.shape[i + 2]!;
    return Math.floor(extent / strides[i]!) + 1;
  });
  return [[x!.shape[0]!, w!.shape[0]!, ...size]];
}
const CONV = { group: "int", strides: "ints", pads: "ints" } as const;
const Conv = defineOp<NchwcConvAttributes>({ type: "Conv", domain, attributes: CONV, infer: convShape, grad: "none" });
const FusedConv = defineOp<FusedConvAttributes>({
  type: "Conv",
  domain,
  attributes: { ...CONV, activation: "string" },
  infer: convShape,
  grad: "none",
});

/** A convolution that may still take in a sum and a ReLU. */
export interface PendingConv extends NchwcConvAttributes {
  /** Blocked; an image of fewer channels than a block is read as it is. */
  readonly x: Value;
  /** [O, C / group, kh, kw] in the memory order of `blockWeight`. */
  readonly weight: Value;
  /** [O] */
  readonly bias?: Value;
  /** Blocked, of the output's shape: added to it. */
  readonly sum?: Value | PendingConv;
  readonly relu?: boolean;
}

export function nchwcConv({ x, weight, bias, sum, relu, group, strides, pads }: PendingConv): Value {
  const filled = bias ?? (sum && zeros([weight.shape[0]!]));
  const added = sum && ("weight" in sum ? nchwcConv(sum) : sum);
  const inputs = [x, weight, filled, added].filter((value) => value !== undefined);
  const attrs = { group, strides, pads };
  return relu ? apply1(FusedConv, inputs, { ...attrs, activation: "Relu" }) : apply1(Conv, inputs, attrs);
}

/** The kernel knows the size of a block, the shape rule must be told. */
const reorderInput = (size: number) =>
  defineOp<{ channels_last: number }>({
    type: "ReorderInput",
    domain,
    attributes: { channels_last: "int" },
    infer: ([x]) => [[x!.shape[0]!, Math.ceil(x!.shape[1]! / size) * size, ...x!.shape.slice(2)]],
    grad: "none",
  });
const ReorderOutput = defineOp<{ channels_last: number; channels: number }>({
  type: "ReorderOutput",
  domain,
  attributes: { channels_last: "int", channels: "int" },
  infer: ([x], { channels }) => [[x!.shape[0]!, channels, ...x!.shape.slice(2)]],
  grad: "none",
});
const GlobalAveragePool = defineOp({
  type: "GlobalAveragePool",
  domain,
  infer: ([x]) => [[...x!.shape.slice(0, 2), 1, 1]],
  grad: "none",
});

/** [N, C, H, W] -> blocked; channels are filled up with zeros, by the kernel where they are a multiple of 4. */
export function block(x: Value, size: number): Value {
  const missing = x.shape[1]! % 4 === 0 ? 0 : size - (x.shape[1]! % size);
  const filled = missing === 0 ? x : pad(x, [0, 0, 0, 0], [0, missing, 0, 0]);
  return apply1(reorderInput(size), [filled], { channels_last: 0 });
}
/** Blocked -> the first `channels` of [N, C, H, W]. */
export const unblock = (x: Value, channels: number): Value =>
  apply1(ReorderOutput, [x], { channels_last: 0, channels });
/** Blocked [N, C, H, W] -> [N, C, 1, 1], which is blocked and plain alike. */
export const planeMean = (x: Value): Value => apply1(GlobalAveragePool, [x], {});
