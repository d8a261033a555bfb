/**
 * @file Prepared cases small enough to keep a training set in memory: the brain's box only, as scaled 16-bit integers.
 * Measured on 30 BraTS cases: 24-33 MB each instead of 152 MB.
 */

import { UserError } from "../error.ts";
import { boundingBox, boxSize, uniteBoxes } from "../volume/bounding-box.ts";
import type { Vec3 } from "../volume/grid.ts";

/** A case in the frame of its data set. Arrays are [z][y][x] (x fastest), one value a voxel of `size`. */
export interface FrameCase {
  readonly id: string;
  readonly size: Vec3;
  /** Normalised, in the data set's channel order; exactly 0 outside the brain. */
  readonly channels: readonly Float32Array[];
  /** Class indices. */
  readonly truth?: Uint8Array;
}

/** A `FrameCase` whose voxels outside `box` are all 0. Value of a voxel of channel c = `voxels` * `steps[c]`. */
export interface CompactCase {
  readonly id: string;
  readonly size: Vec3;
  readonly box: { readonly start: Vec3; readonly size: Vec3 };
  readonly steps: readonly number[];
  /** [z, channel, y, x] of the box, so that a slice is one piece of memory. */
  readonly voxels: Int16Array;
  /** Class indices [z, y, x] of the box. */
  readonly truth?: Uint8Array;
}

/**
 * Rounds each channel to 65,535 steps between -max|v| and max|v|: errors up to max|v| / 65,534, at most 3e-4 sd on 30
 * BraTS cases.
 */
export function compactCase(source: FrameCase): CompactCase {
  const { id, size, channels, truth } = source;
  const box = findContent(source);
  const [width, height, depth] = box.size;
  const steps = channels.map(findStep);
  const voxels = new Int16Array(channels.length * width * height * depth);
  const classes = truth && new Uint8Array(width * height * depth);
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const full = box.start[0] + size[0] * (box.start[1] + y + size[1] * (box.start[2] + z));
      classes?.set(truth!.subarray(full, full + width), (z * height + y) * width);
      channels.forEach((channel, c) => {
        const perStep = 1 / steps[c];
        const to = ((z * channels.length + c) * height + y) * width;
        for (let x = 0; x < width; x++) voxels[to + x] = Math.round(channel[full + x] * perStep);
      });
    }
  return { id, size, box, steps, voxels, ...(classes === undefined ? {} : { truth: classes }) };
}

function findStep(channel: Float32Array): number {
  let largest = 0;
  for (const value of channel) largest = Math.max(largest, Math.abs(value));
  return largest > 0 ? largest / 32767 : 1;
}

/** Where a channel or the truth is not 0; one voxel when that is nowhere. */
function findContent({ size, channels, truth }: FrameCase): CompactCase["box"] {
  const boxes = [...channels, ...(truth ? [truth] : [])].flatMap((values) => boundingBox(size, values) ?? []);
  const box = boxes.length > 0 ? boxes.reduce(uniteBoxes) : ({ start: [0, 0, 0], end: [1, 1, 1] } as const);
  return { start: box.start, size: boxSize(box) };
}

/** First word of an encoded case: "MDC" and the format's version. */
const magic = 0x0143444d;

interface Header extends Omit<CompactCase, "voxels" | "truth"> {
  readonly hasTruth: boolean;
}

/**
 * One file: magic, header length (uint32 each), header (JSON, padded to 4 bytes), voxels, truth.
 * Numbers are little-endian.
 */
export function encodePrepared({ voxels, truth, ...rest }: CompactCase): Uint8Array {
  const header: Header = { ...rest, hasTruth: truth !== undefined };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 4) * 4;
  const bytes = new Uint8Array(start + voxels.byteLength + (truth?.length ?? 0)).fill(0x20, 0, start);
  new Uint32Array(bytes.buffer, 0, 2).set([magic, start - 8]);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength), start);
  if (truth) bytes.set(truth, start + voxels.byteLength);
  return bytes;
}

/**
 * Reads what `encodePrepared` wrote, sharing its memory; `name` is for messages. Throws `UserError` for other bytes.
 */
export function decodePrepared(encoded: Uint8Array, name: string): CompactCase {
  const bytes = encoded.byteOffset % 4 === 0 ? encoded : encoded.slice();
  const wrong = () =>
    new UserError(`${name} must be a whole prepared case of this version; delete it to prepare it anew`);
  if (bytes.length < 8) throw wrong();
  const [word, length] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2) as unknown as [number, number];
  if (word !== magic || bytes.length < 8 + length) throw wrong();
  const { hasTruth, ...rest } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Header;
  const count = rest.box.size[0] * rest.box.size[1] * rest.box.size[2];
  const voxelBytes = 2 * count * rest.steps.length;
  const start = 8 + length;
  if (bytes.length !== start + voxelBytes + (hasTruth ? count : 0)) throw wrong();
  const voxels = new Int16Array(bytes.buffer, bytes.byteOffset + start, voxelBytes / 2);
  return { ...rest, voxels, ...(hasTruth ? { truth: bytes.subarray(start + voxelBytes) } : {}) };
}
