/** @file What a mask encloses: morphological closing bridges its gaps, then holes are filled. */

import { boundingBox, boxSize } from "./bounding-box.ts";
import { squaredDistances } from "./distance-transform.ts";
import { copyBox } from "./fit.ts";
import type { Vec3 } from "./grid.ts";

/**
 * A mask (x fastest) with all that it encloses, slice by slice: closed by a disc of `radius` voxels, then what cannot be reached
 * from the border over faces.
 */
export function encloseSlices(mask: Uint8Array, [width, height, depth]: Vec3, radius: number): Uint8Array {
  const enclosed = mask.slice();
  const area = width * height;
  const pad = radius + 1; // so that the border stays outside, however far the mask is dilated
  for (let z = 0; z < depth; z++) {
    const slice = mask.subarray(z * area, (z + 1) * area);
    const box = boundingBox([width, height, 1], slice);
    if (box === undefined) continue;
    const [columns, rows] = boxSize(box);
    const [left, top] = box.start;
    const size: Vec3 = [columns + 2 * pad, rows + 2 * pad, 1];
    const plane = copyBox(slice, [width, height, 1], { size, start: [left - pad, top - pad, 0] });
    closePlane(plane, size, radius);
    fillHoles(plane, size[0]);
    for (let row = 0; row < rows; row++) {
      const from = (row + pad) * size[0] + pad;
      enclosed.set(plane.subarray(from, from + columns), z * area + (top + row) * width + left);
    }
  }
  return enclosed;
}

/**
 * In place: every pixel within `radius` of the mask, less those within `radius` of what is then still outside. Dilation and
 * erosion by a disc are thresholds of distances.
 */
function closePlane(plane: Uint8Array, size: Vec3, radius: number): void {
  for (let pass = 0; pass < 2; pass++) {
    const distances = squaredDistances(plane, size, [1, 1, 1]);
    for (let i = 0; i < plane.length; i++) plane[i] = Number(distances[i]! > radius ** 2);
  }
}

/** In place: all of a plane but what is 0 and joined by pixels of 0 to the first, which must be outside. */
function fillHoles(plane: Uint8Array, width: number): void {
  const OUTSIDE = 2;
  const waiting = new Int32Array(plane.length);
  let count = 0;
  const reach = (pixel: number) => {
    if (plane[pixel] !== 0) return;
    plane[pixel] = OUTSIDE;
    waiting[count++] = pixel;
  };
  reach(0);
  while (count > 0) {
    const pixel = waiting[--count]!;
    const column = pixel % width;
    if (column > 0) reach(pixel - 1);
    if (column < width - 1) reach(pixel + 1);
    if (pixel >= width) reach(pixel - width);
    if (pixel + width < plane.length) reach(pixel + width);
  }
  for (let i = 0; i < plane.length; i++) plane[i] = plane[i] === OUTSIDE ? 0 : 1;
}
