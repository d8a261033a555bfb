/** @file The batches of a training: what a step sees depends on the step alone, so that whoever draws it may be ahead. */

import { type AugmentPlan, drawAugmentation } from "../data/augment.ts";
import type { CompactCase } from "../data/compact.ts";
import { copyCrop, fillBatch, poolSlices, type SamplePlan } from "../data/sampler.ts";
import { createRandom, deriveSeed, type Random } from "../random.ts";
import type { ChoiceLabel } from "./labels.ts";
import { STREAM } from "./run.ts";
import type { StepBatch } from "./step.ts";

interface Common {
  readonly cases: readonly CompactCase[];
  readonly seed: number;
  readonly batch: number;
}

/** Crops with the class of each pixel: what the candidates learn. */
export interface CropDrawing extends Common {
  readonly kind: "crops";
  readonly plan: SamplePlan;
}

/** Windows with the choice of each: what the decision network learns. */
export interface WindowDrawing extends Common {
  readonly kind: "windows";
  readonly plan: AugmentPlan;
  readonly size: number;
  readonly labels: readonly ChoiceLabel[];
  /** Share of the windows whose choice is not to skip. */
  readonly tumourWindows: number;
}

/** Plain data: it can be sent to a worker. */
export type Drawing = CropDrawing | WindowDrawing;
export type DrawnBatch = Pick<StepBatch, "image" | "targets">;

/** Gives the batch of step t, in memory of its own. */
export function openDrawing(drawing: Drawing): (step: number) => DrawnBatch {
  const [draw, stream] =
    drawing.kind === "crops" ? [cropDrawer(drawing), STREAM.batch] : [windowDrawer(drawing), STREAM.decisionBatch];
  return (step) => draw(createRandom(deriveSeed(drawing.seed, stream, step)));
}

function cropDrawer({ cases, plan, batch }: CropDrawing) {
  const pool = poolSlices(cases);
  const voxels = batch * plan.crop ** 2 * (plan.depth ?? 1);
  return (random: Random): DrawnBatch => {
    const into = { images: new Float32Array(pool.channels * voxels), truth: new Uint8Array(voxels) };
    fillBatch({ pool, plan, random, into });
    return { image: into.images, targets: into.truth };
  };
}

/** Tumour-bearing windows with their share, mirrored and changed in intensity at random. */
function windowDrawer({ cases, labels, plan, size, batch, tumourWindows }: WindowDrawing) {
  const pools = [labels.filter(({ choice }) => choice > 0), labels.filter(({ choice }) => choice === 0)];
  const channels = cases[0]?.steps.length ?? 0;
  const truth = new Uint8Array(batch * size * size);
  const pick = (random: Random) => {
    const wanted = random.uniform() < tumourWindows ? 0 : 1;
    const pool = pools[wanted]!.length > 0 ? pools[wanted]! : pools[1 - wanted]!;
    return pool[random.integer(pool.length)]!;
  };
  return (random: Random): DrawnBatch => {
    const into = { images: new Float32Array(channels * truth.length), truth };
    const targets = Uint8Array.from({ length: batch }, (_, item) => {
      const { case: index, slice, x, y, choice } = pick(random);
      copyCrop(cases[index]!, { slice, x, y, size, ...drawAugmentation(plan, random, channels) }, { into, item });
      return choice;
    });
    return { image: into.images, targets };
  };
}

export interface BatchSource {
  /** The batch of a step; fastest when the steps follow each other. */
  next(step: number): Promise<DrawnBatch>;
  close(): Promise<void>;
}

export interface BatchDrawer {
  /** The case in memory that `open` reads without a copy. */
  share(source: CompactCase): CompactCase;
  open(drawing: Drawing): BatchSource;
}

/** Draws a batch when it is asked for. */
export const drawInTime: BatchDrawer = {
  share: (source) => source,
  open: (drawing) => {
    const draw = openDrawing(drawing);
    return { next: async (step) => draw(step), close: async () => {} };
  },
};
