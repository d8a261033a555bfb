/** @file The smallest box around what is not zero. */

import type { Box } from "./fit.ts";
import { mapAxes, type Vec3 } from "./grid.ts";
import { findNonZero } from "./nonzero.ts";

/**
 * The smallest box that holds every voxel of `values` (x fastest, at least `size`) that is not 0; undefined when there is
 * none.
 */
export function boundingBox(size: Vec3, values: Uint8Array | Float32Array): Box | undefined {
  const low = [...size];
  const end = [0, 0, 0];
  const widen = (axis: number, first: number, last: number) => {
    low[axis] = Math.min(low[axis], first);
    end[axis] = Math.max(end[axis], last + 1);
  };
  const [width, height, depth] = size;
  const next = findNonZero(values);
  let first = next(0);
  while (first < width * height * depth) {
    const row = Math.floor(first / width);
    let last = width * (row + 1) - 1;
    while (values[last] === 0) last--;
    widen(0, first - width * row, last - width * row);
    widen(1, row % height, row % height);
    widen(2, Math.floor(row / height), Math.floor(row / height));
    first = next(width * (row + 1));
  }
  if (end[0] === 0) return undefined;
  return { start: [low[0], low[1], low[2]], end: [end[0], end[1], end[2]] };
}

/** Voxels along each axis. */
export const boxSize = ({ start, end }: Box): Vec3 => mapAxes((axis) => end[axis] - start[axis]);

/** The smallest box around both. */
export const uniteBoxes = (a: Box, b: Box): Box => ({
  start: mapAxes((axis) => Math.min(a.start[axis], b.start[axis])),
  end: mapAxes((axis) => Math.max(a.end[axis], b.end[axis])),
});
