/** @file Pooling: maxima over any number of spatial axes, means over two. */

import { apply1, constant, count, defineOp, perAxis, type Shape, scalar, type Value } from "../value.ts";
import { conv, inputCotangent } from "./conv.ts";
import { cast, div, equal, mul } from "./elementwise.ts";
import { expand } from "./reduce.ts";
import { pad, reshape } from "./shape.ts";

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

/** [N, C, ...] -> maxima */
export const MaxPool = defineOp<PoolAttributes>({
  type: "MaxPool",
  attributes: POOL,
  infer: ([x], attrs) => [pooledShape(x!.shape, attrs)],
  // Every element equal to the maximum takes the cotangent; overlapping windows add up.
  grad: ({ inputs: [x], outputs: [y], attrs: { kernel_shape, strides, pads }, cotangents: [dy] }) => {
    const windows = readWindows(x!, { kernel_shape, strides, pads });
    const flat = (value: Value) => reshape(value, [count(value.shape.slice(0, 2)), 1, ...value.shape.slice(2)]);
    const taken = mul(cast(equal(windows.values, flat(y!)), "float32"), flat(dy!));
    return [reshape(windows.putBack(taken), x!.shape)];
  },
});

/**
 * The pixels of each window side by side, [N C, taps, ...], zeros past the border, and the transpose of reading them: a
 * convolution whose kernels are each 1 at one tap. ONNX's own indices of the maxima would have no WebGPU kernel, and
 * forward and backward together take the same time with them (64x12x64x64, 3x3, stride 2: 46 ms).
 */
function readWindows(x: Value, { kernel_shape: kernel, strides, pads }: PoolAttributes) {
  const taps = count(kernel);
  const unit = Float32Array.from({ length: taps * taps }, (_, i) => Number(i % (taps + 1) === 0));
  const weight = constant(unit, [taps, 1, ...kernel]);
  const attrs = { group: 1, strides, pads };
  const size = x.shape.slice(2);
  const values = conv(reshape(x, [count(x.shape.slice(0, 2)), 1, ...size]), weight, attrs);
  return { values, putBack: (dy: Value) => inputCotangent(dy, weight, x.shape, attrs) };
}

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
  return apply1(MaxPool, [x], { kernel_shape: perAxis(kernel, rank), strides: perAxis(stride, rank), pads });
}
export const averagePool = (x: Value, kernel: number): Value =>
  apply1(AveragePool, [x], { kernel_shape: [kernel, kernel], strides: [kernel, kernel], pads: [0, 0, 0, 0] });
export const globalAveragePool = (x: Value): Value => apply1(GlobalAveragePool, [x], {});
