/** @file A tiny data set in Decathlon format for tests: a bright and a dark ball in noise, made anew from a seed. */

import { nodeGzip } from "../src/node/gzip.ts";
import type { Folder } from "../src/platform.ts";
import { createRandom, deriveSeed } from "../src/random.ts";
import type { Vec3 } from "../src/volume/grid.ts";
import { writeNiftiVolume } from "../src/volume/nifti.ts";

export const twoBalls = {
  name: "Balls",
  modality: { "0": "MRI" },
  labels: { "0": "background", "1": "bright", "2": "dark" },
};

/** A ball of label 1 (intensity 300) and one of label 2 (intensity 20) on 100, sd 10. */
function makeBalls(seed: number, size: Vec3) {
  const random = createRandom(seed);
  const grid = { size, spacing: [1, 1, 1] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] };
  const count = size[0] * size[1] * size[2];
  const truth = new Uint8Array(count);
  const image = new Float32Array(count);
  const balls = [0.28, 0.72].map((y) =>
    size.map((n, axis) => n * ((axis === 1 ? y : 0.5) + 0.1 * (random.uniform() - 0.5))),
  );
  for (let i = 0; i < count; i++) {
    const at = [i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))];
    const near = balls.findIndex(
      (centre) => Math.hypot(...centre.map((c, axis) => c - at[axis]!)) < 0.2 * Math.min(...size),
    );
    truth[i] = near + 1;
    image[i] = [100, 300, 20][near + 1]! + 10 * random.normal();
  }
  return { image: { grid, data: image }, truth: { grid, data: truth } };
}

/** `cases` training cases ball_000 ... and one test image without truth, ball_test. */
export async function writeBalls(folder: Folder, { cases, size }: { cases: number; size: Vec3 }): Promise<void> {
  const names = Array.from({ length: cases }, (_, k) => `ball_${String(k).padStart(3, "0")}`);
  for (const [k, name] of names.entries()) {
    const { image, truth } = makeBalls(deriveSeed(7, k), size);
    await folder.write(`imagesTr/${name}.nii.gz`, await writeNiftiVolume(image, nodeGzip));
    await folder.write(`labelsTr/${name}.nii.gz`, await writeNiftiVolume(truth, nodeGzip, "uint8"));
  }
  const unseen = makeBalls(deriveSeed(7, cases), size).image;
  await folder.write("imagesTs/ball_test.nii.gz", await writeNiftiVolume(unseen, nodeGzip));
  const training = names.map((name) => ({ image: `./imagesTr/${name}.nii.gz`, label: `./labelsTr/${name}.nii.gz` }));
  await folder.write("dataset.json", new TextEncoder().encode(JSON.stringify({ ...twoBalls, training })));
}
