/** @file Where a reader looks first: the slice with most tumour. */

import { toWorld } from "../volume/affine.ts";
import type { LabelMap, Vec3 } from "../volume/grid.ts";

/** The middle of the labelled voxels of the slice that has most of them, mm in the world; undefined where there is none. */
export function findFocus({ grid, data }: LabelMap): Vec3 | undefined {
  const [width, height, depth] = grid.size;
  let most = { count: 0, x: 0, y: 0, z: 0 };
  for (let z = 0, i = 0; z < depth; z++) {
    const slice = { count: 0, x: 0, y: 0, z };
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (data[i++] !== 0) {
          slice.count++;
          slice.x += x;
          slice.y += y;
        }
    if (slice.count > most.count) most = slice;
  }
  const { count, x, y, z } = most;
  return count === 0 ? undefined : toWorld(grid.affine, [Math.round(x / count), Math.round(y / count), z]);
}
