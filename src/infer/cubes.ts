/** @file A case through a network in three dimensions: cubes slide over it along every axis, and all of them run. */

import type { BankModel } from "../danet/bank.ts";
import type { Progress } from "../platform.ts";
import type { Vec3 } from "../volume/grid.ts";
import { windowStarts } from "../volume/slice.ts";
import { softmaxChannels } from "./assemble.ts";
import { runNetwork } from "./passes.ts";
import type { Plan } from "./plan.ts";
import { mirror } from "./window.ts";

/** Where an input of `size` begins in the case; `window` is its number among those that begin at the same slice. */
interface Cube {
  readonly start: Vec3;
  readonly size: Vec3;
  readonly window: number;
}

/** A model in three dimensions. */
export type DeepModel = BankModel & { readonly depth: number };

export const isDeep = (model: BankModel): model is DeepModel => model.depth !== undefined;

/** The cubes over a case, from the first slice on: 8 of 128 x 128 x 128 over 240 x 240 x 155 at stride 128. */
export function placeCubes({ image, bank }: Pick<Plan, "image" | "bank">, { depth }: DeepModel): Cube[] {
  const [height, width] = bank.inputSize;
  const size: Vec3 = [width, height, depth];
  const starts = (axis: number) => windowStarts(image.size[axis], size[axis], bank.stride);
  const places = starts(1).flatMap((y) => starts(0).map((x) => [x, y] as const));
  return starts(2).flatMap((z) => places.map(([x, y], window) => ({ start: [x, y, z] as const, size, window })));
}

/**
 * Sums of the probabilities of every cube, [K, z, y, x] of the case: all classes of a voxel add up as many cubes, so that
 * no weight is needed. Cubes are mirrored where they lie. Beyond the last slice of a flat case a cube is 0.
 */
export async function sumCubes(
  plan: Plan,
  model: DeepModel,
  { cubes, onProgress }: { cubes: readonly Cube[]; onProgress: ((progress: Progress) => void) | undefined },
): Promise<Float32Array> {
  const { image, bank } = plan;
  const [height, width] = bank.inputSize;
  const [area, classes] = [model.depth * height * width, bank.labels.length];
  const images = new Float32Array(bank.channels.length * area);
  const sums = new Float32Array(classes * count(image.size));
  for (const [done, cube] of cubes.entries()) {
    onProgress?.({ stage: "cubes", done, total: cubes.length });
    for (const flip of plan.flips) {
      copyCube(image, cube, images.fill(0));
      mirror(images, { width, height }, flip);
      const maps = await runNetwork(plan, { model, stage: model.id, images, count: 1 });
      if (model.output === "logits") softmaxChannels(maps, { classes, area });
      mirror(maps, { width, height }, flip);
      addCube(maps, cube, { sums, size: image.size });
    }
  }
  onProgress?.({ stage: "cubes", done: cubes.length, total: cubes.length });
  return sums;
}

/** Writes a cube of the case as [C, D, H, W]. */
function copyCube({ channels, size }: Plan["image"], cube: Cube, to: Float32Array): void {
  const area = count(cube.size);
  for (const [c, channel] of channels.entries())
    visitRows(size, cube, (from, at) => to.set(channel.subarray(from, from + cube.size[0]), c * area + at));
}

/** Adds [K, D, H, W] where the cube lies. */
function addCube(maps: Float32Array, cube: Cube, { sums, size }: { sums: Float32Array; size: Vec3 }): void {
  const [area, voxels] = [count(cube.size), count(size)];
  for (let k = 0; k * voxels < sums.length; k++)
    visitRows(size, cube, (first, at) => {
      const [to, from] = [k * voxels + first, k * area + at];
      for (let x = 0; x < cube.size[0]; x++) sums[to + x] += maps[from + x];
    });
}

/** Calls `visit` for each row of the cube inside the case: the index of its first voxel in the case, and in the cube. */
function visitRows(size: Vec3, { start, size: cube }: Cube, visit: (voxel: number, at: number) => void): void {
  for (let z = 0; z < Math.min(cube[2], size[2] - start[2]); z++)
    for (let y = 0; y < cube[1]; y++)
      visit(start[0] + size[0] * (start[1] + y + size[1] * (start[2] + z)), cube[0] * (y + cube[1] * z));
}

const count = ([x, y, z]: Vec3): number => x * y * z;
