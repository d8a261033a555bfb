/** @file What a mask encloses: morphological closing bridges its gaps, then holes are filled. */

import { boundingBox, boxSize } from "./bounding-box.ts";
import { squaredDistances } from "./distance-transform.ts";
import { copyBox } from "./fit.ts";
import type { Vec3 } from "./grid.ts";

/** In slices a distance is counted in voxels. */
const PLANE: Vec3 = [1, 1, 1];

/**
 * A mask (x fastest) with all that it encloses, slice by slice: closed by a disc of `radius` voxels (every pixel within `radius`
 * of the mask, less those within `radius` of what is then still outside: dilation and erosion by a disc are thresholds of
 * distances), then what cannot be reached from the border over faces.
 */
export function encloseSlices(mask: Uint8Array, size: Vec3, radius: number): Uint8Array {
  const closed = mask.slice();
  const box = boundingBox(size, mask);
  if (box === undefined) return closed;
  const { start, end } = box;
  const [width, height] = boxSize(box);
  const pad = radius + 1; // so that the border is outside, however far the mask is dilated
  const padded: Vec3 = [width + 2 * pad, height + 2 * pad, 1];
  const near = (plane: Uint8Array) => squaredDistances(plane, padded, PLANE);
  for (let z = start[2]; z < end[2]; z++) {
    const plane = copyBox(mask, size, { size: padded, start: [start[0] - pad, start[1] - pad, z] });
    const outside = Uint8Array.from(near(plane), (distance) => Number(distance > radius ** 2));
    const inside = Uint8Array.from(near(outside), (distance) => Number(distance > radius ** 2));
    fillHoles(inside, padded[0]);
    for (let y = 0; y < height; y++) {
      const row = (y + pad) * padded[0] + pad;
      closed.set(inside.subarray(row, row + width), start[0] + size[0] * (start[1] + y + size[1] * z));
    }
  }
  return closed;
}

/** In place: all of a plane but what is 0 and joined to its first pixel, which must be outside, by pixels of 0. */
function fillHoles(plane: Uint8Array, width: number): void {
  const reached = new Uint8Array(plane.length);
  const waiting = [0];
  reached[0] = 1;
  while (waiting.length > 0) {
    const pixel = waiting.pop()!;
    const column = pixel % width;
    for (const next of [
      column > 0 ? pixel - 1 : -1,
      column < width - 1 ? pixel + 1 : -1,
      pixel - width,
      pixel + width,
    ]) {
      if (next < 0 || next >= plane.length || reached[next] === 1 || plane[next] === 1) continue;
      reached[next] = 1;
      waiting.push(next);
    }
  }
  for (let i = 0; i < plane.length; i++) plane[i] = 1 - reached[i]!;
}
