/** @file How good a candidate is, while it trains, on cases that it does not learn from. */

import { countPairs, diceOfPairs } from "../danet/choice.ts";
import type { CompactCase } from "../data/compact.ts";
import type { NetworkSpec } from "../nets/network.ts";
import type { Weights } from "../nn/scope.ts";
import type { Runtime } from "../platform.ts";
import { windowStarts } from "../volume/slice.ts";
import { type Placed, plainCrop, predictCrops } from "./predict.ts";

/** Every eighth slice: a look at the curve in seconds, not the evaluation of a bank. */
const EVERY_SLICE = 8;

/** Windows of `size` side by side (the last shifted back) over every eighth slice that holds a brain. */
export function validationCrops(cases: readonly CompactCase[], size: number): Placed[] {
  return cases.flatMap((source) => {
    const starts = (axis: 0 | 1) => windowStarts(source.size[axis], size, size);
    const { start, size: box } = source.box;
    const slices = Array.from({ length: Math.ceil(box[2] / EVERY_SLICE) }, (_, i) => start[2] + i * EVERY_SLICE);
    return slices.flatMap((slice) =>
      starts(1).flatMap((y) => starts(0).map((x) => ({ source, crop: plainCrop(source, { slice, x, y, size }) }))),
    );
  });
}

/** Mean over the cases of the Dice of each region over the crops of a case; a region that is empty in both scores 1. */
export async function validate(
  model: { runtime: Runtime; spec: NetworkSpec; weights: Weights },
  crops: readonly Placed[],
  regions: Readonly<Record<string, readonly number[]>>,
): Promise<Record<string, number>> {
  const classes = model.spec.outputs;
  const pairs = new Map<string, Float64Array>();
  await predictCrops(model, crops, (index, { prediction, truth }) => {
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
