/** @file Padding and cropping a volume to another size without moving it in the world. */

import { moveOrigin } from "./affine.ts";
import { type Grid, type LabelMap, mapAxes, type Vec3, type Volume } from "./grid.ts";

/** An axis-aligned box of voxels: `start` belongs to it, `end` does not. */
export interface Box {
  readonly start: Vec3;
  readonly end: Vec3;
}

/**
 * Where a box of `size` around the centre of `around` starts in a grid of size `whole`. An axis that is cropped stays
 * inside the grid, an axis that is padded keeps all of it (start <= 0).
 */
export function fitStart(whole: Vec3, size: Vec3, around: Box): Vec3 {
  return mapAxes((axis) => {
    const room = whole[axis] - size[axis];
    const centred = Math.floor((around.start[axis] + around.end[axis] - size[axis]) / 2);
    return Math.min(Math.max(centred, Math.min(0, room)), Math.max(0, room));
  });
}

/**
 * Crops or pads with zeros: voxel p of the result is voxel p + start of the image, whose world coordinates it keeps.
 * Voxels outside the box are dropped; `undoFit(result, start, image.grid)` gives zero there and the same everywhere else.
 */
export function fitTo<T extends Volume | LabelMap>(image: T, size: Vec3, start: Vec3): T {
  const { spacing, affine } = image.grid;
  const data = copyBox(image.data, image.grid.size, { size, start });
  return { ...image, grid: { size, spacing, affine: moveOrigin(affine, start) }, data };
}

/** Brings a fitted image back to the grid that it was taken from at `start`. */
export function undoFit<T extends Volume | LabelMap>(fitted: T, start: Vec3, grid: Grid): T {
  const back = mapAxes((axis) => -start[axis]);
  return { ...fitted, grid, data: copyBox(fitted.data, fitted.grid.size, { size: grid.size, start: back }) };
}

/**
 * The box of `size` voxels from `start` of an array of `whole` voxels (x fastest); zero where it reaches beyond it.
 */
export function copyBox<T extends Float32Array | Uint8Array>(
  data: T,
  whole: Vec3,
  { size, start }: { size: Vec3; start: Vec3 },
): T {
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = whole;
  const count = nx * ny * nz;
  const out = data instanceof Float32Array ? new Float32Array(count) : new Uint8Array(count);
  const x0 = Math.max(0, -start[0]);
  const x1 = Math.min(nx, sx - start[0]);
  if (x1 <= x0) return out as T;
  for (let z = Math.max(0, -start[2]); z < Math.min(nz, sz - start[2]); z++) {
    for (let y = Math.max(0, -start[1]); y < Math.min(ny, sy - start[1]); y++) {
      const from = start[0] + sx * (y + start[1] + sy * (z + start[2]));
      out.set(data.subarray(from + x0, from + x1), nx * (y + ny * z) + x0);
    }
  }
  return out as T;
}
