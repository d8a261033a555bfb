/** @file Pooling: maxima over any number of spatial axes, means over two. */

import { apply, apply1, count, defineOp, perAxis, type Shape, scalar, type Value } from "../value.ts";
import { div, mul } from "./elementwise.ts";
import { expand } from "./reduce.ts";
import { pad, reshape, zeros } from "./shape.ts";

export interface PoolAttributes {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
  /** As in ONNX: before each spatial axis, then after each. */
  readonly pads: readonly number[];
}

const POOL = { kernel_shape: "ints", strides: "ints", pads: "ints" } as const;

const pooledShape = (shape: Shape, { kernel_shape, strides, pads }: PoolAttributes): Shape => [
  ...shape.slice(0, 2),
  ...shape.slice(2).map((n, i) => {
    const extent = n + pads[i]! + pads[i + kernel_shape.length]! - kernel_shape[i]!;
    return Math.floor(extent / strides[i]!) + 1;
  }),
];

/** [N, C, ...] -> maxima, and the flat index of each in the input. */
export const MaxPool = defineOp<PoolAttributes>({
  type: "MaxPool",
  attributes: POOL,
  infer: ([x], attrs) => {
    const shape = pooledShape(x!.shape, attrs);
    return [shape, { shape, dtype: "int64" }];
  },
  // Each cotangent goes to the element that was the maximum; overlapping windows add up.
  grad: ({ inputs: [x], outputs: [, index], cotangents: [dy] }) => {
    const flat = (value: Value) => reshape(value, [count(value.shape)]);
    return [reshape(scatterAdd(zeros([count(x!.shape)]), flat(index!), flat(dy!)), x!.shape)];
  },
});

/** Adds `updates` to the flat `x` where `index` says. */
export const ScatterElements = defineOp<{ axis: number; reduction: string }>({
  type: "ScatterElements",
  attributes: { axis: "int", reduction: "string" },
  infer: ([x]) => [x!.shape],
  grad: "none",
});
const scatterAdd = (x: Value, index: Value, updates: Value): Value =>
  apply1(ScatterElements, [x, index, updates], { axis: 0, reduction: "add" });

/** The mean over windows that do not overlap and are not padded. */
export const AveragePool = defineOp<PoolAttributes>({
  type: "AveragePool",
  attributes: POOL,
  infer: ([x], attrs) => {
    if (attrs.pads.some((n) => n !== 0) || attrs.strides.some((n, i) => n !== attrs.kernel_shape[i]))
      throw new Error(`AveragePool: windows must tile the image, got pads [${attrs.pads}], strides [${attrs.strides}]`);
    return [pooledShape(x!.shape, attrs)];
  },
  // Each pixel of a window takes an equal share; pixels past the last whole window take none.
  grad: ({ inputs: [x], attrs: { kernel_shape }, cotangents: [dy] }) => {
    const [n, c, h, w] = dy!.shape as [number, number, number, number];
    const [kh, kw] = kernel_shape as [number, number];
    const share = reshape(div(dy!, scalar(kh * kw)), [n, c, h, 1, w, 1]);
    const tiled = reshape(expand(share, [n, c, h, kh, w, kw]), [n, c, h * kh, w * kw]);
    const rest = x!.shape.map((size, i) => size - tiled.shape[i]!);
    return [
      rest.some((size) => size > 0)
        ? pad(
            tiled,
            x!.shape.map(() => 0),
            rest,
          )
        : tiled,
    ];
  },
});

/** [N, C, H, W] -> [N, C, 1, 1]; the paper's tool counts one operation an input element for adaptive pooling. */
export const GlobalAveragePool = defineOp({
  type: "GlobalAveragePool",
  infer: ([x]) => [[...x!.shape.slice(0, 2), ...x!.shape.slice(2).map(() => 1)]],
  grad: ({ inputs: [x], cotangents: [dy] }) => {
    const pixels = count(x!.shape.slice(2));
    return [expand(mul(dy!, scalar(1 / pixels)), x!.shape)];
  },
  cost: ([x]) => ({ macs: 0, paper: count(x!.shape) }),
});

/** Kernel and stride of every axis, or one an axis; the default stride makes windows that tile the image. */
export function maxPool(
  x: Value,
  kernel: number | Shape,
  { stride = kernel, padding = 0 }: { stride?: number | Shape; padding?: number } = {},
): Value {
  const rank = x.shape.length - 2;
  const pads = Array<number>(2 * rank).fill(padding);
  return apply(MaxPool, [x], { kernel_shape: perAxis(kernel, rank), strides: perAxis(stride, rank), pads })[0]!;
}
export const averagePool = (x: Value, kernel: number): Value =>
  apply1(AveragePool, [x], { kernel_shape: [kernel, kernel], strides: [kernel, kernel], pads: [0, 0, 0, 0] });
export const globalAveragePool = (x: Value): Value => apply1(GlobalAveragePool, [x], {});
