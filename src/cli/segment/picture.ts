/** @file The picture of a case, drawn in the bank's frame: there the slices are those that were routed. */

import { deflateSync } from "node:zlib";
import type { Bank } from "../../danet/bank.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { PreparedCase } from "../../data/prepare.ts";
import type { RegionMetrics } from "../../eval/case-metrics.ts";
import type { Segmentation } from "../../infer/segment.ts";
import { type CasePicture, drawCasePicture } from "../../report/case-picture.ts";
import type { Affine, Grid } from "../../volume/grid.ts";
import { relabel } from "../../volume/relabel.ts";

export interface Drawing {
  readonly prepared: PreparedCase;
  readonly bank: Bank;
  readonly dataset: Dataset;
  readonly segmentation: Segmentation;
  readonly metrics?: RegionMetrics | undefined;
}

/** A PNG: slices of the first channel with prediction and truth, and the choices. */
export function drawCase({ prepared, bank, dataset, segmentation, metrics }: Drawing): Uint8Array {
  const grid = frameGrid(bank, prepared);
  const { truth } = prepared;
  const labels = Uint8Array.from(bank.labels);
  const dice = metrics && Object.fromEntries(Object.entries(metrics).map(([region, { dice }]) => [region, dice]));
  const names = dataset.labels.map((label, index) => [label, dataset.labelNames[index]]).slice(1);
  const picture: CasePicture = {
    id: prepared.id,
    image: { grid, data: liftBrain(prepared.channels[0]) },
    background: 0,
    channel: bank.channels[0],
    prediction: { grid, data: relabel(segmentation.classes, labels) },
    ...(truth && { truth: { grid, data: relabel(truth, labels) } }),
    decisions: segmentation.decisions,
    candidates: bank.candidates.map(({ id }) => id),
    ...(dice && { dice }),
    labelNames: Object.fromEntries(names),
    deflate: (bytes) => deflateSync(bytes),
  };
  return drawCasePicture(picture);
}

/** Normalized values are 0 outside the brain and of either sign in it; lifted, the outside is the least. */
function liftBrain(channel: Float32Array): Float32Array {
  let least = 0;
  for (let i = 0; i < channel.length; i++) if (channel[i] < least) least = channel[i];
  const out = new Float32Array(channel.length);
  for (let i = 0; i < channel.length; i++) if (channel[i] !== 0) out[i] = channel[i] - least + 1;
  return out;
}

/** The frame's own axes and spacing, with the first voxel at the origin. */
function frameGrid({ frame: { orientation, spacing } }: Bank, { size }: PreparedCase): Grid {
  const affine = new Array<number>(12).fill(0);
  [...orientation].forEach((letter, axis) => {
    const row = Math.max("RAS".indexOf(letter), "LPI".indexOf(letter));
    affine[4 * row + axis] = "RAS".includes(letter) ? spacing[axis] : -spacing[axis];
  });
  return { size, spacing, affine: affine as Affine };
}
