/** @file How good a candidate is, while it trains, on cases that it does not learn from. */

import { countPairs, diceOfPairs } from "../danet/choice.ts";
import type { CompactCase } from "../data/compact.ts";
import type { NetworkSpec } from "../nets/network.ts";
import type { Weights } from "../nn/scope.ts";
import type { Runtime } from "../platform.ts";
import { windowStarts } from "../volume/slice.ts";
import { modelOf, type Placed, plainCrop, predictCrops } from "./predict.ts";
import { cropDepth, type TrainRun } from "./run.ts";

/** Every eighth slice: a look at the curve in seconds, not the evaluation of a bank. */
const EVERY_SLICE = 8;

/**
 * Windows of the candidates' input side by side (the last shifted back) over every eighth slice that holds a brain; for
 * networks in three dimensions cubes side by side over the case.
 */
export function validationCrops(run: Pick<TrainRun, "recipe" | "dataset">, cases: readonly CompactCase[]): Placed[] {
  const size = run.recipe.inputSize;
  const depth = cropDepth(run);
  return cases.flatMap((source) => {
    const starts = (axis: 0 | 1 | 2) => windowStarts(source.size[axis], size, size);
    const { start, size: box } = source.box;
    const slices =
      depth === undefined
        ? Array.from({ length: Math.ceil(box[2] / EVERY_SLICE) }, (_, i) => start[2] + i * EVERY_SLICE)
        : starts(2);
    return slices.flatMap((slice) =>
      starts(1).flatMap((y) =>
        starts(0).map((x) => ({
          source,
          crop: plainCrop(source, { slice, x, y, size, ...(depth !== undefined && { depth }) }),
        })),
      ),
    );
  });
}

/** Mean over the cases of the Dice of each region over the crops of a case; a region that is empty in both scores 1. */
export async function validate(
  { runtime, spec, weights }: { runtime: Runtime; spec: NetworkSpec; weights: Weights },
  crops: readonly Placed[],
  regions: Readonly<Record<string, readonly number[]>>,
): Promise<Record<string, number>> {
  const classes = spec.outputs;
  const pairs = new Map<string, Float64Array>();
  await predictCrops(modelOf(runtime, spec, weights), crops, (index, { prediction, truth }) => {
    const id = crops[index]!.source.id;
    const counts = pairs.get(id) ?? new Float64Array(classes * classes);
    pairs.set(id, counts);
    countPairs(counts, prediction, truth);
  });
  return Object.fromEntries(
    Object.entries(regions).map(([region, members]) => {
      const dices = [...pairs.values()].map((counts) => diceOfPairs(counts, members));
      return [region, dices.reduce((a, b) => a + b, 0) / dices.length];
    }),
  );
}
