/** @file The inverse of `compactCase` up to its rounding. */

import type { CompactCase, FrameCase } from "../src/data/compact.ts";

export function expandCase({ id, size, box, steps, voxels, truth }: CompactCase): FrameCase {
  const channels = steps.map(() => new Float32Array(size[0] * size[1] * size[2]));
  const classes = new Uint8Array(size[0] * size[1] * size[2]);
  const [width, height] = box.size;
  for (let i = 0; i < voxels.length / steps.length; i++) {
    const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
    const full = box.start[0] + x + size[0] * (box.start[1] + y + size[1] * (box.start[2] + z));
    if (truth) classes[full] = truth[i]!;
    for (const [c, channel] of channels.entries())
      channel[full] = voxels[((z * steps.length + c) * height + y) * width + x]! * steps[c]!;
  }
  return { id, size, channels, ...(truth && { truth: classes }) };
}
