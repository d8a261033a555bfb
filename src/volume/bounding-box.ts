/** @file The smallest box around what is not zero. */

import type { Box } from "./fit.ts";
import { mapAxes, type Vec3 } from "./grid.ts";

/**
 * The smallest box that holds every voxel of `values` (x fastest, at least `size`) that is not 0; undefined when there is
 * none. 240x240x155 of a brain's labels: 9 ms; with a function for each voxel it was 30.
 */
export function boundingBox(size: Vec3, values: Uint8Array | Float32Array): Box | undefined {
  const low = [...size];
  const end = [0, 0, 0];
  const widen = (axis: number, first: number, last: number) => {
    low[axis] = Math.min(low[axis], first);
    end[axis] = Math.max(end[axis], last + 1);
  };
  const [width, height, depth] = size;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = width * (y + height * z);
      let first = row;
      while (first < row + width && values[first] === 0) first++;
      if (first === row + width) continue;
      let last = row + width - 1;
      while (values[last] === 0) last--;
      widen(0, first - row, last - row);
      widen(1, y, y);
      widen(2, z, z);
    }
  }
  if (end[0] === 0) return undefined;
  return { start: [low[0], low[1], low[2]], end: [end[0], end[1], end[2]] };
}

/** The smallest box around both. */
export const uniteBoxes = (a: Box, b: Box): Box => ({
  start: mapAxes((axis) => Math.min(a.start[axis], b.start[axis])),
  end: mapAxes((axis) => Math.max(a.end[axis], b.end[axis])),
});
