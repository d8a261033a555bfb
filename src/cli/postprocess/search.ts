/** @file Tries thresholds of post-processing on predictions that have a truth. */

import { measureCase, type RegionMetrics, type Regions } from "../../eval/case-metrics.ts";
import { postprocess } from "../../infer/postprocess.ts";
import type { LabelMap } from "../../volume/grid.ts";

/** Thresholds in voxels, 0 for none. */
export interface Thresholds {
  readonly minComponent: number;
  /** Of each region of `nestedRegions`. */
  readonly below: number;
}

export interface Trial extends Thresholds {
  /** Region -> mean over the cases; `mean` over the regions too. */
  readonly dice: Readonly<Record<string, number>>;
  readonly hd95: Readonly<Record<string, number>>;
  readonly mean: { readonly dice: number; readonly hd95: number };
}

/**
 * The innermost regions that lie in another one, and the label that this one adds: what a part of it becomes that is too small
 * to be believed. BraTS: ET = { 4 } in TC = { 1, 4 } becomes 1.
 */
export function nestedRegions(regions: Regions): Record<string, number> {
  const isWithin = (a: readonly number[], b: readonly number[]) =>
    a.length < b.length && a.every((label) => b.includes(label));
  const all = Object.values(regions);
  const entries = Object.entries(regions).flatMap(([region, labels]) => {
    const [parent] = all.filter((other) => isWithin(labels, other)).sort((a, b) => a.length - b.length);
    const hasInner = all.some((other) => isWithin(other, labels));
    return parent === undefined || hasInner
      ? []
      : [[region, parent.find((label) => !labels.includes(label))!] as const];
  });
  return Object.fromEntries(entries);
}

/** The metrics of one case at every threshold. What leaves the same voxels is measured once: that is nearly all of it. */
export function tryThresholds(
  { prediction, truth }: { prediction: LabelMap; truth: LabelMap },
  { regions, trials }: { regions: Regions; trials: readonly Thresholds[] },
): RegionMetrics[] {
  const { size } = prediction.grid;
  const nested = nestedRegions(regions);
  const asLabels = { labels: Array.from({ length: 256 }, (_, label) => label), regions };
  const known = new Map<string, RegionMetrics>();
  const cleaned = new Map<number, ReturnType<typeof postprocess>>();
  const clean = (minComponent: number) => {
    const found =
      cleaned.get(minComponent) ??
      postprocess(prediction.data, size, { ...asLabels, rules: { minComponent, minRegion: {} } });
    cleaned.clear(); // a volume each: only the last is kept
    cleaned.set(minComponent, found);
    return found;
  };
  return trials.map(({ minComponent, below }) => {
    const { classes, changed } = clean(minComponent);
    const minRegion = Object.fromEntries(
      Object.entries(nested).map(([region, becomes]) => [region, { below, becomes }]),
    );
    const result = postprocess(classes, size, { ...asLabels, rules: { minComponent: 0, minRegion } });
    const key = JSON.stringify([changed["components"] ?? 0, Object.entries(result.changed).filter(([, n]) => n > 0)]);
    const metrics =
      known.get(key) ?? measureCase({ prediction: { ...prediction, data: result.classes }, truth, regions });
    known.set(key, metrics);
    return metrics;
  });
}

/** Means over the cases; `cases[i][t]` is case i at trial t. */
export function averageTrials(trials: readonly Thresholds[], cases: readonly (readonly RegionMetrics[])[]): Trial[] {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return trials.map((thresholds, t) => {
    const names = Object.keys(cases[0]![t]!);
    const average = (metric: "dice" | "hd95") =>
      Object.fromEntries(names.map((region) => [region, mean(cases.map((one) => one[t]![region]![metric]))]));
    const [dice, hd95] = [average("dice"), average("hd95")];
    return { ...thresholds, dice, hd95, mean: { dice: mean(Object.values(dice)), hd95: mean(Object.values(hd95)) } };
  });
}

/** Highest mean Dice and lowest mean HD95; the other one, then the smaller thresholds, decide between equals. */
export function bestTrials(trials: readonly Trial[]): { dice: Trial; hd95: Trial } {
  const first = (order: (a: Trial, b: Trial) => number) => trials.toSorted(order)[0]!;
  const byDice = (a: Trial, b: Trial) => b.mean.dice - a.mean.dice;
  const byHd95 = (a: Trial, b: Trial) => a.mean.hd95 - b.mean.hd95;
  return { dice: first((a, b) => byDice(a, b) || byHd95(a, b)), hd95: first((a, b) => byHd95(a, b) || byDice(a, b)) };
}
