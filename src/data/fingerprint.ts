/** @file What the labelled cases of a data set are like: sizes, spacings, intensities. From it the frame is planned. */

import { UserError } from "../error.ts";
import type { Folder, Gzip } from "../platform.ts";
import type { Vec3 } from "../volume/grid.ts";
import { axisCodes } from "../volume/orientation.ts";
import type { CaseFiles, Dataset, Watch } from "./dataset.ts";
import { loadCase } from "./load.ts";

export interface Fingerprint {
  readonly id: string;
  /** Where the axes of the array point, "RAS"; size and spacing (mm) are along them. */
  readonly orientation: string;
  readonly size: Vec3;
  readonly spacing: Vec3;
  /** Of each channel: the share of voxels that are not 0. */
  readonly filled: readonly number[];
  /** Of each channel: intensities under the labels other than 0, at most `SAMPLES`, evenly over the volume. */
  readonly foreground: readonly Float32Array[];
}

const SAMPLES = 10_000;

/** Reads every case once. Throws `UserError` for a case without truth and as `loadCase` does. */
export async function takeFingerprints(
  cases: readonly CaseFiles[],
  folder: Folder,
  options: { dataset: Omit<Dataset, "frame" | "normalization">; gzip: Gzip; watch: Watch },
): Promise<Fingerprint[]> {
  const { gzip, watch } = options;
  const normalization = options.dataset.channels.map(() => ({ kind: "zscore", over: "all" }) as const);
  const dataset = { ...options.dataset, normalization };
  const prints: Fingerprint[] = [];
  for (const files of cases) {
    watch.onProgress?.({ stage: "fingerprint", done: prints.length, total: cases.length });
    watch.signal?.throwIfAborted();
    const { channels, truth, source } = await loadCase(files, folder, { dataset, gzip, truth: true });
    if (truth === undefined) throw new UserError(`case "${files.id}" must have a truth to learn from, found none`);
    const picked = sampleForeground(truth);
    prints.push({
      id: files.id,
      orientation: axisCodes(source.grid.affine),
      ...{ size: source.grid.size, spacing: source.grid.spacing },
      filled: channels.map(shareFilled),
      foreground: channels.map((channel) => Float32Array.from(picked, (i) => channel[i])),
    });
  }
  watch.onProgress?.({ stage: "fingerprint", done: cases.length, total: cases.length });
  return prints;
}

function shareFilled(channel: Float32Array): number {
  let filled = 0;
  for (let i = 0; i < channel.length; i++) if (channel[i] !== 0) filled++;
  return filled / channel.length;
}

/** Every k-th voxel of the foreground. */
function sampleForeground(truth: Uint8Array): number[] {
  let count = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] !== 0) count++;
  const every = Math.max(1, Math.ceil(count / SAMPLES));
  const picked: number[] = [];
  let seen = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] !== 0 && seen++ % every === 0) picked.push(i);
  return picked;
}
