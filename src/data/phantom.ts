/**
 * @file The phantom data set: synthetic cases in BraTS naming, in slices of 32x32, for tests and demonstrations without
 * data.
 */

import type { Folder, Gzip } from "../platform.ts";
import { deriveSeed } from "../random.ts";
import type { Vec3 } from "../volume/grid.ts";
import { writeNiftiVolume } from "../volume/nifti.ts";
import { brats } from "./brats.ts";
import type { Dataset } from "./dataset.ts";
import { makePhantom } from "./phantom-volume.ts";

/** Everything as in BraTS but the slice size. Phantoms of 240x240 are cases of the data set `brats`. */
export const phantom: Dataset = { ...brats, id: "phantom", frame: { ...brats.frame, sliceSize: [32, 32] } };

/**
 * Writes `cases` phantoms as `phantom_001/phantom_001_flair.nii.gz` and so on, with truth; case k from 0 on is made
 * from `deriveSeed(seed, k)`. Returns the ids.
 * @example await writePhantoms(folder, gzip, { cases: 8, seed: 1, size: [32, 32, 16] })
 */
export async function writePhantoms(
  folder: Folder,
  gzip: Gzip,
  { cases, seed, size }: { cases: number; seed: number; size: Vec3 },
): Promise<string[]> {
  const ids: string[] = [];
  for (let k = 0; k < cases; k++) {
    const id = `phantom_${String(k + 1).padStart(3, "0")}`;
    const { channels, truth } = makePhantom({ seed: deriveSeed(seed, k), size });
    const write = async (ending: string, bytes: Promise<Uint8Array>) =>
      folder.write(`${id}/${id}_${ending}.nii.gz`, await bytes);
    for (const [c, volume] of channels.entries())
      await write(phantom.channels[c], writeNiftiVolume(volume, gzip, "int16"));
    await write("seg", writeNiftiVolume(truth, gzip, "uint8"));
    ids.push(id);
  }
  return ids;
}
