/** @file The CT phantom data set: synthetic cases in LiTS naming, in slices of 32x32, for tests and demonstrations without data. */

import type { Folder, Gzip } from "../platform.ts";
import { deriveSeed } from "../random.ts";
import type { Vec3 } from "../volume/grid.ts";
import { writeNiftiVolume } from "../volume/nifti.ts";
import { makeCtPhantom } from "./ct-phantom-volume.ts";
import type { Dataset } from "./dataset.ts";
import { lits } from "./lits.ts";

/** Everything as in LiTS but the slice size. Phantoms of 512x512 are cases of the data set `lits`. */
export const ctPhantom: Dataset = { ...lits, id: "ct-phantom", frame: { ...lits.frame, sliceSize: [32, 32] } };

/**
 * Writes `cases` phantoms as `volume-0.nii.gz`, `segmentation-0.nii.gz` and so on; case k is made from
 * `deriveSeed(seed, k)`. Returns the ids.
 * @example await writeCtPhantoms(folder, gzip, { cases: 8, seed: 1, size: [32, 32, 16] })
 */
export async function writeCtPhantoms(
  folder: Folder,
  gzip: Gzip,
  { cases, seed, size }: { cases: number; seed: number; size: Vec3 },
): Promise<string[]> {
  for (let k = 0; k < cases; k++) {
    const { ct, truth } = makeCtPhantom({ seed: deriveSeed(seed, k), size });
    await folder.write(`volume-${k}.nii.gz`, await writeNiftiVolume(ct, gzip, "int16"));
    await folder.write(`segmentation-${k}.nii.gz`, await writeNiftiVolume(truth, gzip, "uint8"));
  }
  return Array.from({ length: cases }, (_, k) => `volume-${k}`);
}
