/**
 * @file The geometry of a volume. Axis order is x, y, z in every triple; x varies fastest in `data`, as in NIfTI:
 * voxel (x, y, z) is `data[x + size[0] * (y + size[1] * z)]`.
 */

export type Vec3 = readonly [number, number, number];

/** One number an axis. */
export const mapAxes = (of: (axis: 0 | 1 | 2) => number): Vec3 => [of(0), of(1), of(2)];

/** Rows 0-2 of the 4x4 voxel-to-world matrix (world = RAS, mm), row-major, 12 numbers. */
export type Affine = readonly number[];

export interface Grid {
  readonly size: Vec3;
  /** Millimetres. */
  readonly spacing: Vec3;
  readonly affine: Affine;
}

export interface Volume {
  readonly grid: Grid;
  readonly data: Float32Array;
}

export interface LabelMap {
  readonly grid: Grid;
  readonly data: Uint8Array;
}

export const voxelCount = ({ size }: Grid): number => size[0] * size[1] * size[2];
