/** @file Linear algebra of the voxel-to-world affine: 12 numbers, rows 0-2 of the 4x4 matrix; a 3x3 matrix is 9 numbers, row-major. */

import type { Affine, Vec3 } from "./grid.ts";

export type Matrix3 = readonly number[];

/** World coordinates (RAS, mm) of a voxel index, which may be fractional. */
export function toWorld(a: Affine, [x, y, z]: Vec3): Vec3 {
  return [
    a[0] * x + a[1] * y + a[2] * z + a[3],
    a[4] * x + a[5] * y + a[6] * z + a[7],
    a[8] * x + a[9] * y + a[10] * z + a[11],
  ];
}

/** The same directions and spacing, but index 0 where `voxel` was. */
export const moveOrigin = (a: Affine, voxel: Vec3): Affine => joinAffine(linearPart(a), toWorld(a, voxel));

/** The 3x3 part: column j is the step in the world (mm) of one voxel along axis j. */
export const linearPart = (a: Affine): Matrix3 => [a[0], a[1], a[2], a[4], a[5], a[6], a[8], a[9], a[10]];

export function joinAffine(m: Matrix3, [x, y, z]: Vec3): Affine {
  return [m[0], m[1], m[2], x, m[3], m[4], m[5], y, m[6], m[7], m[8], z];
}

/** Length of each column: the distance between neighbouring voxels, mm. */
export function columnNorms(m: Matrix3): Vec3 {
  return [Math.hypot(m[0], m[3], m[6]), Math.hypot(m[1], m[4], m[7]), Math.hypot(m[2], m[5], m[8])];
}

/** Multiplies column j by `factors[j]`. */
export const scaleColumns = (m: Matrix3, factors: Vec3): Matrix3 => m.map((value, i) => value * factors[i % 3]);

export function determinant(m: Matrix3): number {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

export function invert(m: Matrix3): Matrix3 {
  const d = determinant(m);
  return [
    (m[4] * m[8] - m[5] * m[7]) / d,
    (m[2] * m[7] - m[1] * m[8]) / d,
    (m[1] * m[5] - m[2] * m[4]) / d,
    (m[5] * m[6] - m[3] * m[8]) / d,
    (m[0] * m[8] - m[2] * m[6]) / d,
    (m[2] * m[3] - m[0] * m[5]) / d,
    (m[3] * m[7] - m[4] * m[6]) / d,
    (m[1] * m[6] - m[0] * m[7]) / d,
    (m[0] * m[4] - m[1] * m[3]) / d,
  ];
}

export function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  const row = (i: number) => [0, 1, 2].map((j) => a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j]);
  return [...row(0), ...row(1), ...row(2)];
}

/** inverse(from) * to: takes a voxel index of grid `to` to the index of grid `from` at the same place in the world. */
export function relativeAffine(from: Affine, to: Affine): Affine {
  const inverse = invert(linearPart(from));
  const shift: Vec3 = [to[3] - from[3], to[7] - from[7], to[11] - from[11]];
  return joinAffine(multiply(inverse, linearPart(to)), toWorld(joinAffine(inverse, [0, 0, 0]), shift));
}

/**
 * The orthogonal matrix nearest to the column directions of `m`, as nibabel takes it by SVD: the polar factor, found by
 * Newton's X <- (X + inverse(X)^T) / 2, which doubles the correct digits each step.
 */
export function nearestOrthogonal(m: Matrix3): Matrix3 {
  const [x, y, z] = columnNorms(m);
  let current = scaleColumns(m, [1 / x, 1 / y, 1 / z]);
  for (let step = 0, change = 1; step < 100 && change > 1e-15; step++) {
    const inverse = invert(current);
    const next = current.map((value, i) => (value + inverse[3 * (i % 3) + Math.floor(i / 3)]) / 2);
    change = Math.max(...next.map((value, i) => Math.abs(value - current[i])));
    current = next;
  }
  return current;
}
