/** @file Between slices of the frame that was routed and places in the world, where the viewer's crosshair is. */

import { invert, linearPart } from "../volume/affine.ts";
import type { Grid, Vec3 } from "../volume/grid.ts";

/** Voxel coordinate along the third axis, not rounded. */
function depthOf({ affine }: Grid, [x, y, z]: Vec3): number {
  const [a, b, c] = invert(linearPart(affine)).slice(6);
  return a * (x - affine[3]) + b * (y - affine[7]) + c * (z - affine[11]);
}

/** The slice that the place lies in, the nearest one outside the volume. */
export const sliceAt = (grid: Grid, place: Vec3): number =>
  Math.min(Math.max(Math.round(depthOf(grid, place)), 0), grid.size[2] - 1);

/** The place moved along the third axis into the middle of a slice. */
export function moveToSlice(grid: Grid, place: Vec3, slice: number): Vec3 {
  const steps = slice - depthOf(grid, place);
  const [, , a, , , b, , , c] = linearPart(grid.affine);
  return [place[0] + steps * a, place[1] + steps * b, place[2] + steps * c];
}
