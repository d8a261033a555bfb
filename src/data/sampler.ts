/** @file Draws training batches of crops, of slices or of volumes. A batch depends on the random generator and nothing else. */

import { UserError } from "../error.ts";
import type { Random } from "../random.ts";
import { boundingBox } from "../volume/bounding-box.ts";
import type { Vec3 } from "../volume/grid.ts";
import { type Augmentation, type AugmentPlan, changeIntensity, drawAugmentation } from "./augment.ts";
import type { CompactCase } from "./compact.ts";
import { type CropPlanes, copyWarped } from "./warp.ts";

export interface SamplePlan extends AugmentPlan {
  /** Width and height of a crop; at most the slice size. */
  readonly crop: number;
  /** Slices of a crop; default: 1. */
  readonly depth?: number;
  /** Share of tumour-bearing slices in the draw, 0..1. Every slice of either kind is equally likely. */
  readonly tumourSlices: number;
  /**
   * Share of the crops of tumour-bearing slices that are centred on a tumour, 0..1; the others lie anywhere in the
   * slice, deep ones anywhere in the case.
   */
  readonly tumourCrops: number;
  /** A centred crop moves by up to this many voxels on each axis. */
  readonly jitter: number;
}

/** One slice that can be drawn. `tumour` is the box of its tumour voxels in x and y; `end` is beyond it. */
interface PooledSlice {
  readonly source: CompactCase;
  readonly slice: number;
  readonly tumour?: { readonly start: readonly [number, number]; readonly end: readonly [number, number] };
}

/** All slices of a training set, with tumour and without (empty slices too: the networks meet them in use). */
export interface SlicePool {
  readonly channels: number;
  readonly tumour: readonly PooledSlice[];
  readonly background: readonly PooledSlice[];
}

/** Where a crop was taken, and how it was changed. */
export interface Crop extends Augmentation {
  /** The first of its slices. */
  readonly slice: number;
  /** Slices; default: 1. */
  readonly depth?: number;
  /** Whether they are in reverse order; default: no. */
  readonly flipZ?: boolean;
  /** Voxel of the slice at the crop's corner, before flips, turn and zoom. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** `images` is [B, C, depth, size, size] (rows along y), `truth` [B, depth, size, size] class indices. */
export interface Batch {
  readonly images: Float32Array;
  readonly truth: Uint8Array;
}

/** Indexes the slices of `cases`, which must all have a truth. */
export function poolSlices(cases: readonly CompactCase[]): SlicePool {
  const slices = cases.flatMap((source) =>
    Array.from({ length: source.size[2] }, (_, slice) => describe(source, slice)),
  );
  return {
    channels: cases[0]?.steps.length ?? 0,
    tumour: slices.filter(({ tumour }) => tumour !== undefined),
    background: slices.filter(({ tumour }) => tumour === undefined),
  };
}

function describe(source: CompactCase, slice: number): PooledSlice {
  const { box, truth } = source;
  if (truth === undefined) throw new UserError(`case "${source.id}" must have a truth to be trained on`);
  const [width, height, depth] = box.size;
  const z = slice - box.start[2];
  if (z < 0 || z >= depth) return { source, slice };
  const start = z * height * width;
  const tumour = boundingBox([width, height, 1], truth.subarray(start, start + height * width));
  if (tumour === undefined) return { source, slice };
  const inSlice = ([x, y]: Vec3) => [x + box.start[0], y + box.start[1]] as const;
  return { source, slice, tumour: { start: inSlice(tumour.start), end: inSlice(tumour.end) } };
}

/** What `fillBatch` drew for one item of the batch. */
export interface Drawn {
  readonly source: CompactCase;
  readonly crop: Crop;
}

/**
 * Draws as many crops as `into.truth` has room for and writes them, augmented, into the batch. Returns what was drawn.
 * Throws `UserError` when the crop is larger than a slice.
 */
export function fillBatch(request: { pool: SlicePool; plan: SamplePlan; random: Random; into: Batch }): Drawn[] {
  const { pool, plan, random, into } = request;
  return Array.from({ length: into.truth.length / (plan.crop ** 2 * (plan.depth ?? 1)) }, (_, item) => {
    const drawn = drawCrop(pool, plan, random);
    copyCrop(drawn.source, drawn.crop, { into, item });
    return drawn;
  });
}

function drawCrop(pool: SlicePool, plan: SamplePlan, random: Random): Drawn {
  const wantsTumour = random.uniform() < plan.tumourSlices;
  const [first, second] = wantsTumour ? [pool.tumour, pool.background] : [pool.background, pool.tumour];
  const list = first.length > 0 ? first : second;
  const { source, slice, tumour } = list[random.integer(list.length)];
  const centred = random.uniform() < plan.tumourCrops ? tumour : undefined;
  const [x, y] = [0, 1].map((axis) => {
    const room = source.size[axis] - plan.crop;
    if (room < 0)
      throw new UserError(`a crop of ${plan.crop} must fit into the slice, which has ${source.size[axis]} voxels`);
    const jitter = random.integer(2 * plan.jitter + 1) - plan.jitter;
    const anywhere = random.integer(room + 1);
    if (centred === undefined) return anywhere;
    const centre = Math.round((centred.start[axis] + centred.end[axis] - plan.crop) / 2) + jitter;
    return Math.max(0, Math.min(room, centre));
  }) as [number, number];
  const crop = { slice, x, y, size: plan.crop, ...drawAugmentation(plan, random, pool.channels) };
  return {
    source,
    crop:
      plan.depth === undefined ? crop : { ...crop, ...drawDepth(plan, random, { source, centred: centred && slice }) },
  };
}

/** The slices of a deep crop: around a slice, or anywhere. A case with fewer is filled up with zeros at its end. */
function drawDepth(
  { depth = 1, jitter, flip }: SamplePlan,
  random: Random,
  { source, centred }: { source: CompactCase; centred: number | undefined },
): Pick<Crop, "slice" | "depth" | "flipZ"> {
  const room = Math.max(0, source.size[2] - depth);
  const moved = random.integer(2 * jitter + 1) - jitter;
  const anywhere = random.integer(room + 1);
  const first = centred === undefined ? anywhere : Math.round(centred + (1 - depth) / 2) + moved;
  return { slice: Math.max(0, Math.min(room, first)), depth, flipZ: random.uniform() < flip };
}

/** Writes one crop of a case as item `item` of a batch: image and, where the case has one, truth. */
export function copyCrop(source: CompactCase, crop: Crop, { into, item }: { into: Batch; item: number }): void {
  const { box, steps } = source;
  const { depth = 1, flipZ = false } = crop;
  const area = crop.size ** 2;
  const voxels = depth * area;
  const channels = steps.map((_, c) => {
    const first = (item * steps.length + c) * voxels;
    return into.images.subarray(first, first + voxels).fill(0);
  });
  const truth = into.truth.subarray(item * voxels, (item + 1) * voxels).fill(0);
  const copy = crop.angle === 0 && crop.zoom === 1 ? copyPlanes : copyWarped;
  for (let i = 0; i < depth; i++) {
    const z = crop.slice + i - box.start[2];
    if (z < 0 || z >= box.size[2]) continue;
    const at = (flipZ ? depth - 1 - i : i) * area;
    const planes = channels.map((channel) => channel.subarray(at, at + area));
    copy(source, { ...crop, z }, { channels: planes, truth: truth.subarray(at, at + area) });
  }
  const { gamma, gain, offset, brainOnly } = crop;
  channels.forEach((channel, c) => {
    changeIntensity(channel, { gamma: gamma[c], gain: gain[c], offset: offset[c], brainOnly });
  });
}

/** The crop without turn or zoom: rows are copied. */
function copyPlanes({ box, steps, voxels, truth }: CompactCase, crop: Crop & { z: number }, to: CropPlanes): void {
  const area = box.size[0] * box.size[1];
  const place = { ...crop, box };
  steps.forEach((gain, c) => {
    const plane = { data: voxels, start: (crop.z * steps.length + c) * area, gain };
    copyPlane(plane, place, to.channels[c]);
  });
  if (truth) copyPlane({ data: truth, start: crop.z * area, gain: 1 }, place, to.truth);
}

/** target = data * gain, for the part of the crop that lies in the box. */
function copyPlane(
  { data, start, gain }: { data: Int16Array | Uint8Array; start: number; gain: number },
  { x, y, size, flipX, flipY, box }: Crop & Pick<CompactCase, "box">,
  target: Float32Array | Uint8Array,
): void {
  const [width, height] = box.size;
  const [left, top] = [x - box.start[0], y - box.start[1]];
  const [firstX, endX] = [Math.max(left, 0), Math.min(left + size, width)];
  const step = flipX ? -1 : 1;
  for (let row = Math.max(top, 0); row < Math.min(top + size, height); row++) {
    const toRow = flipY ? size - 1 - (row - top) : row - top;
    let to = toRow * size + (flipX ? size - 1 - (firstX - left) : firstX - left);
    for (let from = start + row * width + firstX; from < start + row * width + endX; from++, to += step)
      target[to] = data[from] * gain;
  }
}
