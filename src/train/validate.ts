/** @file How good a candidate is, while it trains, on cases that it does not learn from. */

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
    for (let i = 0; i < truth.length; i++) counts[prediction[i]! * classes + truth[i]!]!++;
  });
  return Object.fromEntries(
    Object.entries(regions).map(([region, members]) => {
      const dices = [...pairs.values()].map((counts) => diceOfPairs(counts, classes, members));
      return [region, dices.reduce((a, b) => a + b, 0) / dices.length];
    }),
  );
}

/** `counts[p * classes + t]`: pixels of class p in the prediction and t in the truth. */
function diceOfPairs(counts: Float64Array, classes: number, region: readonly number[]): number {
  let [both, sum] = [0, 0];
  for (const [i, n] of counts.entries()) {
    const hits = Number(region.includes(Math.floor(i / classes))) + Number(region.includes(i % classes));
    sum += hits * n;
    if (hits === 2) both += n;
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}
