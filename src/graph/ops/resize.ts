/** @file Linear interpolation over any number of spatial axes; nearest neighbours in models of other tools. */

import { apply1, constant, count, defineOp, type Shape, type Value } from "../value.ts";
import { matmul } from "./linear.ts";
import { transpose } from "./shape.ts";

/** Where output pixel i of m lies among n input pixels: by pixel areas, or with first on first and last on last. */
const positions = {
  half_pixel: (i: number, n: number, m: number) => ((i + 0.5) * n) / m - 0.5,
  align_corners: (i: number, n: number, m: number) => (m > 1 ? (i * (n - 1)) / (m - 1) : 0),
  /** Half pixels, but the first where there is one output pixel. */
  pytorch_half_pixel: (i: number, n: number, m: number) => (m > 1 ? ((i + 0.5) * n) / m - 0.5 : 0),
  asymmetric: (i: number, n: number, m: number) => (i * n) / m,
} as const;

export interface ResizeAttributes {
  readonly axes: readonly number[];
  readonly mode: string;
  readonly coordinate_transformation_mode: string;
  readonly sizes: Shape;
}

/** x with `axes` brought to `sizes`; pixels past the border equal those on it. */
export const Resize = defineOp<ResizeAttributes>({
  type: "Resize",
  attributes: { axes: "ints", mode: "string", coordinate_transformation_mode: "string", sizes: "input" },
  emptyInputs: 2, // region of interest, scales
  infer: ([x], { axes, mode, coordinate_transformation_mode: placed, sizes }) => {
    if (!["linear", "nearest"].includes(mode)) throw new Error(`Resize: mode must be linear or nearest, got ${mode}`);
    if (!Object.hasOwn(positions, placed))
      throw new Error(`Resize: coordinates must be one of ${Object.keys(positions)}, got ${placed}`);
    return [x!.shape.map((n, axis) => sizes[axes.indexOf(axis)] ?? n)];
  },
  // y = A x along each axis: dX = A^T dY
  grad: ({ inputs: [x], attrs: { axes, sizes, mode, coordinate_transformation_mode: placed }, cotangents: [dy] }) => [
    axes.reduce((cotangent, axis, i) => {
      if (mode !== "linear") throw new Error(`Resize: there is no gradient of mode ${mode}`);
      const [n, m] = [x!.shape[axis]!, sizes[i]!];
      if (n === m) return cotangent;
      const perm = [...x!.shape.keys()].map((k, _, { length }) =>
        k === axis ? length - 1 : k === length - 1 ? axis : k,
      );
      const weights = constant(interpolation(n, m, positions[placed as keyof typeof positions]), [m, n]);
      return transpose(matmul(transpose(cotangent, perm), weights), perm);
    }, dy!),
  ],
  // The paper's tool knew bilinear interpolation, four operations a pixel, and no other.
  cost: (_, [y], { mode }) => ({
    macs: 0,
    paper: mode === "linear" && y!.shape.length === 4 ? 4 * count(y!.shape) : 0,
  }),
});

/** Weights [m, n] of n input pixels in m output pixels. */
function interpolation(n: number, m: number, position: (i: number, n: number, m: number) => number): Float32Array {
  const weights = new Float32Array(m * n);
  const put = (i: number, at: number, weight: number) => {
    weights[i * n + Math.min(Math.max(at, 0), n - 1)]! += weight;
  };
  for (let i = 0; i < m; i++) {
    const at = position(i, n, m);
    const below = Math.floor(at);
    put(i, below, 1 - (at - below));
    put(i, below + 1, at - below);
  }
  return weights;
}

/** [N, C, ...] to [N, C, ...size]; `alignCorners` as in PyTorch. */
export const resize = (x: Value, size: Shape, { alignCorners = false } = {}): Value =>
  apply1(Resize, [x], {
    axes: size.map((_, i) => i + 2),
    mode: "linear",
    coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel",
    sizes: size,
  });
