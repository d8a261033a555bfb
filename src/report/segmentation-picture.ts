/** @file The picture of a case, drawn in the bank's frame: there the slices are those that were routed. */

import type { Bank } from "../danet/bank.ts";
import type { Dataset } from "../data/dataset.ts";
import type { PreparedCase } from "../data/prepare.ts";
import type { RegionMetrics } from "../eval/case-metrics.ts";
import type { Segmentation } from "../infer/segment.ts";
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
  const dice = metrics && Object.fromEntries(Object.entries(metrics).map(([region, { dice }]) => [region, dice]));
  const picture: CasePicture = {
    id: prepared.id,
    image: { grid, data: prepared.channels[0] },
    background: 0, // what normalized values are outside the brain, and nowhere else
    channel: bank.channels[0],
    prediction: { grid, data: segmentation.classes },
    ...(truth && { truth: { grid, data: truth } }),
    decisions: bank.decision ? segmentation.decisions : [],
    candidates: bank.candidates.map(({ id }) => id),
    ...(dice && { dice }),
    labelNames: Object.fromEntries([...dataset.labelNames.entries()].slice(1)),
    ...(deflate && { deflate }),
  };
  return drawCasePicture(picture);
}
