/** @file Crops that are turned and magnified within their slices: bilinear in the channels, nearest in the truth. */

import type { CompactCase } from "./compact.ts";
import type { Crop } from "./sampler.ts";

/** Where the planes of one slice of a crop go: a channel each, and class indices, [size, size], zeros so far. */
export interface CropPlanes {
  readonly channels: readonly Float32Array[];
  readonly truth: Uint8Array;
}

/**
 * Fills the planes of slice `z` of the case's box: the pixel at u from the crop's centre shows the voxel at
 * R(angle) u / zoom from it. Outside the box everything is 0.
 */
export function copyWarped({ box, steps, voxels, truth }: CompactCase, crop: Crop & { z: number }, to: CropPlanes) {
  const { size, z } = crop;
  const [width, height] = box.size;
  const area = width * height;
  const half = (size - 1) / 2;
  const [cos, sin] = [Math.cos(crop.angle) / crop.zoom, Math.sin(crop.angle) / crop.zoom];
  const [centreX, centreY] = [crop.x + half - box.start[0], crop.y + half - box.start[1]];
  for (let pixel = 0; pixel < size * size; pixel++) {
    const u = (pixel % size) - half;
    const v = Math.floor(pixel / size) - half;
    const [right, down] = [crop.flipX ? -u : u, crop.flipY ? -v : v];
    const farX = centreX + cos * right - sin * down;
    const farY = centreY + sin * right + cos * down;
    // A voxel reaches half a voxel beyond its centre.
    if (farX < -0.5 || farY < -0.5 || farX > width - 0.5 || farY > height - 0.5) continue;
    const x = Math.max(0, Math.min(width - 1, farX));
    const y = Math.max(0, Math.min(height - 1, farY));
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - left, y - top];
    const across = left + 1 < width ? 1 : 0;
    const below = top + 1 < height ? width : 0;
    const at = top * width + left;
    for (let c = 0; c < steps.length; c++) {
      const from = (z * steps.length + c) * area + at;
      const upper = voxels[from] * (1 - fx) + voxels[from + across] * fx;
      const lower = voxels[from + below] * (1 - fx) + voxels[from + below + across] * fx;
      to.channels[c][pixel] = (upper * (1 - fy) + lower * fy) * steps[c];
    }
    if (truth) to.truth[pixel] = truth[z * area + Math.round(y) * width + Math.round(x)];
  }
}
