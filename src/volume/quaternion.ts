/** @file Rotations as NIfTI's q-form stores them: the last three numbers (b, c, d) of a unit quaternion (a, b, c, d) with a >= 0. */

import type { Matrix3 } from "./affine.ts";
import type { Vec3 } from "./grid.ts";

/** Rotation matrix of (b, c, d), nifti1.h METHOD 2. Where b^2 + c^2 + d^2 passes 1 by rounding, a is 0 and the rest is normalized. */
export function rotationOf(quaternion: Vec3): Matrix3 {
  const norm = Math.hypot(...quaternion);
  const [b, c, d] = quaternion.map((value) => (norm > 1 ? value / norm : value));
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  return [
    a * a + b * b - c * c - d * d,
    2 * (b * c - a * d),
    2 * (b * d + a * c),
    2 * (b * c + a * d),
    a * a + c * c - b * b - d * d,
    2 * (c * d - a * b),
    2 * (b * d - a * c),
    2 * (c * d + a * b),
    a * a + d * d - b * b - c * c,
  ];
}

/** (b, c, d) of a proper rotation (orthogonal, determinant +1). */
export function quaternionOf(r: Matrix3): Vec3 {
  // 4 q q^T for q = (a, b, c, d): the column of the largest diagonal entry is the one without cancellation.
  const [a2, b2, c2, d2] = [
    1 + r[0] + r[4] + r[8],
    1 + r[0] - r[4] - r[8],
    1 - r[0] + r[4] - r[8],
    1 - r[0] - r[4] + r[8],
  ];
  const [ab, ac, ad] = [r[7] - r[5], r[2] - r[6], r[3] - r[1]];
  const [bc, bd, cd] = [r[1] + r[3], r[2] + r[6], r[5] + r[7]];
  const columns = [
    [a2, ab, ac, ad],
    [ab, b2, bc, bd],
    [ac, bc, c2, cd],
    [ad, bd, cd, d2],
  ];
  const diagonal = [a2, b2, c2, d2];
  const column = columns[diagonal.indexOf(Math.max(...diagonal))];
  const scale = (column[0] < 0 ? -1 : 1) / Math.hypot(...column);
  return [column[1] * scale, column[2] * scale, column[3] * scale];
}
