/** @file The smallest box around a set of voxels. */

import type { Box } from "./fit.ts";
import type { Vec3 } from "./grid.ts";

/** The smallest box that holds every voxel whose index in the data `has` accepts; undefined when there is none. */
export function boundingBox(size: Vec3, has: (index: number) => boolean): Box | undefined {
  const low = [...size];
  const end = [0, 0, 0];
  const widen = (axis: number, first: number, last: number) => {
    low[axis] = Math.min(low[axis], first);
    end[axis] = Math.max(end[axis], last + 1);
  };
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      const row = size[0] * (y + size[1] * z);
      let first = 0;
      while (first < size[0] && !has(row + first)) first++;
      if (first === size[0]) continue;
      let last = size[0] - 1;
      while (!has(row + last)) last--;
      widen(0, first, last);
      widen(1, y, y);
      widen(2, z, z);
    }
  }
  if (end[0] === 0) return undefined;
  return { start: [low[0], low[1], low[2]], end: [end[0], end[1], end[2]] };
}
