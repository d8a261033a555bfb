/** @file Tries rules of post-processing on predictions that have a truth. */

import { createHash } from "node:crypto";
import type { Postprocessing } from "../../danet/bank.ts";
import { measureCase, type RegionMetrics, type Regions } from "../../eval/case-metrics.ts";
import { postprocess } from "../../infer/postprocess.ts";
import type { LabelMap } from "../../volume/grid.ts";

/** Rules that are tried. */
export interface Tried {
  readonly rules: Postprocessing;
}

/** Thresholds in voxels, 0 for none; `below` of each region of `nestedRegions`. */
export interface Thresholds extends Tried {
  readonly minComponent: number;
  readonly below: number;
}

/** A region of `enclosableRegions` as what the one in it encloses, by a radius in voxels, 0 for none. */
export interface Enclosing extends Tried {
  readonly region: string;
  readonly share: number;
  readonly radius: number;
}

/** What was tried, and what came of it. */
export type Trial<T> = T & {
  /** Region -> mean over the cases; `mean` over the regions too. */
  readonly dice: Readonly<Record<string, number>>;
  readonly hd95: Readonly<Record<string, number>>;
  readonly mean: { readonly dice: number; readonly hd95: number };
};

const NO_RULES: Postprocessing = { minComponent: 0, encloseRegion: {}, minRegion: {} };

/** Every pair of thresholds in voxels; `becomes` as `nestedRegions` gives it. */
export const thresholdTrials = (
  becomes: Readonly<Record<string, number>>,
  { components, below }: { components: readonly number[]; below: readonly number[] },
): Thresholds[] =>
  components.flatMap((minComponent) =>
    (Object.keys(becomes).length > 0 ? below : [0]).map((below) => {
      const rules = Object.entries(becomes).map(([region, label]) => [region, { below, becomes: label }]);
      return { minComponent, below, rules: { ...NO_RULES, minComponent, minRegion: Object.fromEntries(rules) } };
    }),
  );

/** Every radius in voxels at every share of the foreground, and none. */
export const encloseTrials = (
  enclosable: ReturnType<typeof enclosableRegions>,
  { radii, shares }: { radii: readonly number[]; shares: readonly number[] },
): Enclosing[] =>
  Object.entries(enclosable).flatMap(([region, rule]) =>
    radii.flatMap((radius) =>
      (radius > 0 ? shares : [0]).map((share) => {
        const encloseRegion = radius > 0 ? { [region]: { ...rule, share, radius } } : {};
        return { region, share, radius, rules: { ...NO_RULES, encloseRegion } };
      }),
    ),
  );

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
 * Regions with one in them and one around them: the largest in them, and the labels of what joins and what leaves the region.
 * BraTS: TC, by its ET, gains 1 and loses 2.
 */
export function enclosableRegions(
  regions: Regions,
): Record<string, Omit<Postprocessing["encloseRegion"][string], "share" | "radius">> {
  const bySize = Object.entries(regions).sort(([, a], [, b]) => b.length - a.length);
  const entries = bySize.flatMap(([region, labels]) => {
    const [by, rim] = bySize.find(([, other]) => isWithin(other, labels)) ?? [];
    const outer = bySize.findLast(([, other]) => isWithin(labels, other))?.[1];
    if (by === undefined || outer === undefined) return [];
    const first = (of: readonly number[], without: readonly number[]) => of.find((label) => !without.includes(label))!;
    return [[region, { by, inside: first(labels, rim!), outside: first(outer, labels) }] as const];
  });
  return Object.fromEntries(entries);
}

/** Of label maps: a class is its label. */
const LABELS = Array.from({ length: 256 }, (_, label) => label);

/** The metrics of one case after the rules of each trial. What leaves the same voxels is measured once: that is nearly all of it. */
export function tryRules(
  { prediction, truth }: { prediction: LabelMap; truth: LabelMap },
  { regions, trials }: { regions: Regions; trials: readonly Tried[] },
): RegionMetrics[] {
  const known = new Map<string, RegionMetrics>();
  const apply = (classes: Uint8Array, rules: Postprocessing) =>
    postprocess(classes, prediction.grid.size, { rules, labels: LABELS, regions }).classes;
  // Components come first of all rules, and trials of one threshold follow each other: they are found once.
  let cleaned = { minComponent: 0, classes: prediction.data };
  return trials.map(({ rules }) => {
    const { minComponent } = rules;
    if (minComponent !== cleaned.minComponent)
      cleaned = { minComponent, classes: apply(prediction.data, { ...NO_RULES, minComponent }) };
    const data = apply(cleaned.classes, { ...rules, minComponent: 0 });
    const key = createHash("sha1").update(data).digest("hex");
    const metrics = known.get(key) ?? measureCase({ prediction: { ...prediction, data }, truth, regions });
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
