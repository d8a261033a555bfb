/** @file Tries rules of post-processing on predictions that have a truth. */

import type { Postprocessing } from "../../danet/bank.ts";
import { measureCase, type RegionMetrics, type Regions } from "../../eval/case-metrics.ts";
import { postprocess } from "../../infer/postprocess.ts";
import type { LabelMap } from "../../volume/grid.ts";

/** Thresholds in voxels, 0 for none. */
export interface Thresholds {
  readonly minComponent: number;
  /** Of each region of `nestedRegions`. */
  readonly below: number;
}

/** A region made of what the one in it encloses. */
export interface Enclosing {
  readonly region: string;
  /** Least part of the foreground that the inner region must be. */
  readonly share: number;
  /** Voxels; 0 for none. */
  readonly radius: number;
}

/** What was tried, and what came of it. */
export type Trial<T> = T & {
  /** Region -> mean over the cases; `mean` over the regions too. */
  readonly dice: Readonly<Record<string, number>>;
  readonly hd95: Readonly<Record<string, number>>;
  readonly mean: { readonly dice: number; readonly hd95: number };
};

const isWithin = (a: readonly number[], b: readonly number[]) =>
  a.length < b.length && a.every((label) => b.includes(label));

/**
 * The innermost regions that lie in another one, and the label that this one adds: what a part of it becomes that is too small
 * to be believed. BraTS: ET = { 4 } in TC = { 1, 4 } becomes 1.
 */
export function nestedRegions(regions: Regions): Record<string, number> {
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

/**
 * Regions with one in them and one around them: that one, and the labels of what joins and what leaves the region. BraTS: TC
 * with ET in it gains 1 and loses 2.
 */
export function enclosableRegions(regions: Regions): Record<string, Omit<EncloseRule, "share" | "radius">> {
  const entries = Object.entries(regions).flatMap(([region, labels]) => {
    const inner = Object.keys(regions).filter((other) => isWithin(regions[other]!, labels));
    const [by] = inner.sort((a, b) => regions[b]!.length - regions[a]!.length);
    const outer = Object.values(regions).find((other) => isWithin(labels, other));
    if (by === undefined || outer === undefined) return [];
    const inside = labels.find((label) => !regions[by]!.includes(label))!;
    return [[region, { by, inside, outside: outer.find((label) => !labels.includes(label))! }] as const];
  });
  return Object.fromEntries(entries);
}

type EncloseRule = Postprocessing["encloseRegion"][string];

/** The metrics of one case for every enclosing. All shares at which a radius does something do the same, and are measured once. */
export function tryEnclosings(
  { prediction, truth }: { prediction: LabelMap; truth: LabelMap },
  { regions, trials }: { regions: Regions; trials: readonly Enclosing[] },
): RegionMetrics[] {
  const known = new Map<string, RegionMetrics>();
  return trials.map(({ region, share, radius }) => {
    const rule = { ...enclosableRegions(regions)[region]!, share, radius };
    const rules = { ...NO_RULES, encloseRegion: { [region]: rule } };
    const { classes, changed } = postprocess(prediction.data, prediction.grid.size, { labels: LABELS, regions, rules });
    const key = Object.values(changed).some((voxels) => voxels > 0) ? `${region} ${radius}` : "none";
    const metrics = known.get(key) ?? measureCase({ prediction: { ...prediction, data: classes }, truth, regions });
    known.set(key, metrics);
    return metrics;
  });
}

const NO_RULES = { minComponent: 0, encloseRegion: {}, minRegion: {} };
/** Of label maps: a class is its label. */
const LABELS = Array.from({ length: 256 }, (_, label) => label);

/** The metrics of one case at every threshold. What leaves the same voxels is measured once: that is nearly all of it. */
export function tryThresholds(
  { prediction, truth }: { prediction: LabelMap; truth: LabelMap },
  { regions, trials }: { regions: Regions; trials: readonly Thresholds[] },
): RegionMetrics[] {
  const { size } = prediction.grid;
  const nested = nestedRegions(regions);
  const clear = { labels: LABELS, regions, rules: NO_RULES };
  const known = new Map<string, RegionMetrics>();
  const cleaned = new Map<number, ReturnType<typeof postprocess>>();
  const clean = (minComponent: number) => {
    const found =
      cleaned.get(minComponent) ??
      postprocess(prediction.data, size, { ...clear, rules: { ...NO_RULES, minComponent } });
    cleaned.clear(); // a volume each: only the last is kept
    cleaned.set(minComponent, found);
    return found;
  };
  return trials.map(({ minComponent, below }) => {
    const { classes, changed } = clean(minComponent);
    const minRegion = Object.fromEntries(
      Object.entries(nested).map(([region, becomes]) => [region, { below, becomes }]),
    );
    const result = postprocess(classes, size, { ...clear, rules: { ...NO_RULES, minRegion } });
    const key = JSON.stringify([changed["components"] ?? 0, Object.entries(result.changed).filter(([, n]) => n > 0)]);
    const metrics =
      known.get(key) ?? measureCase({ prediction: { ...prediction, data: result.classes }, truth, regions });
    known.set(key, metrics);
    return metrics;
  });
}

/** Means over the cases; `cases[i][t]` is case i at trial t. */
export function averageTrials<T>(trials: readonly T[], cases: readonly (readonly RegionMetrics[])[]): Trial<T>[] {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return trials.map((tried, t) => {
    const names = Object.keys(cases[0]![t]!);
    const average = (metric: "dice" | "hd95") =>
      Object.fromEntries(names.map((region) => [region, mean(cases.map((one) => one[t]![region]![metric]))]));
    const [dice, hd95] = [average("dice"), average("hd95")];
    return { ...tried, dice, hd95, mean: { dice: mean(Object.values(dice)), hd95: mean(Object.values(hd95)) } };
  });
}

/** Highest mean Dice and lowest mean HD95; the other one, then what was tried first, decide between equals. */
export function bestTrials<T>(trials: readonly Trial<T>[]): { dice: Trial<T>; hd95: Trial<T> } {
  const first = (order: (a: Trial<T>, b: Trial<T>) => number) => trials.toSorted(order)[0]!;
  const byDice = (a: Trial<T>, b: Trial<T>) => b.mean.dice - a.mean.dice;
  const byHd95 = (a: Trial<T>, b: Trial<T>) => a.mean.hd95 - b.mean.hd95;
  return { dice: first((a, b) => byDice(a, b) || byHd95(a, b)), hd95: first((a, b) => byHd95(a, b) || byDice(a, b)) };
}
