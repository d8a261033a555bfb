/** @file The picture of a case, drawn in the bank's frame: there the slices are those that were routed. */

import type { Bank } from "../danet/bank.ts";
import type { Dataset } from "../data/dataset.ts";
import type { PreparedCase } from "../data/prepare.ts";
import type { RegionMetrics } from "../eval/case-metrics.ts";
import type { Segmentation } from "../infer/segment.ts";
import { relabel } from "../volume/relabel.ts";
import { type CasePicture, drawCasePicture } from "./case-picture.ts";
import type { Deflate } from "./png.ts";

export interface Drawing {
  readonly prepared: PreparedCase;
  readonly bank: Bank;
  readonly dataset: Dataset;
  readonly segmentation: Segmentation;
  readonly metrics?: RegionMetrics | undefined;
  /** Default: one that runs everywhere. */
  readonly deflate?: Deflate;
}

/** A PNG: slices of the first channel with prediction and truth, and the choices. */
export function drawCase({ prepared, bank, dataset, segmentation, metrics, deflate }: Drawing): Uint8Array {
  const { grid, truth } = prepared;
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
    ...(deflate && { deflate }),
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
