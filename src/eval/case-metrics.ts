/** @file All metrics of one case, region by region. */

import { UserError } from "../error.ts";
import type { Grid, LabelMap } from "../volume/grid.ts";
import { type MetricName, metrics } from "./index.ts";
import type { Mask } from "./metric.ts";
import { countOverlap, type Overlap } from "./overlap.ts";

/** Region -> metric -> value. */
export type RegionMetrics = Readonly<Record<string, Readonly<Record<MetricName, number>>>>;

export interface CaseMetrics {
  readonly id: string;
  readonly regions: RegionMetrics;
  /** Region -> counts, where the Dice over all cases is asked for. */
  readonly overlaps?: Readonly<Record<string, Overlap>>;
}

/** Region -> the labels it is made of: `{ TC: [1, 4] }`. */
export type Regions = Readonly<Record<string, readonly number[]>>;

/**
 * Measures every metric for every region.
 * Throws `UserError` when the two do not lie on one grid or hold a label that no region knows: ignoring it would score
 * it as background without a word.
 */
export const measureCase = (input: Comparison): RegionMetrics =>
  compareRegions(input, (predicted, actual) => measureMasks(predicted, actual, input.truth.grid));

/** The counts of every region, to add up over cases. Throws as `measureCase` does. */
export const countRegions = (input: Comparison): Record<string, Overlap> => compareRegions(input, countOverlap);

interface Comparison {
  readonly prediction: LabelMap;
  readonly truth: LabelMap;
  readonly regions: Regions;
}

function compareRegions<T>(
  { prediction, truth, regions }: Comparison,
  compare: (predicted: Mask, actual: Mask) => T,
): Record<string, T> {
  checkSameGrid(prediction.grid, truth.grid);
  const predicted = splitRegions(prediction.data, regions, "prediction");
  const actual = splitRegions(truth.data, regions, "truth");
  return mapValues(regions, (_, region) => compare(predicted[region], actual[region]));
}

/** Every metric of one pair of masks. */
export function measureMasks(prediction: Mask, truth: Mask, grid: Grid): Record<MetricName, number> {
  const comparison = { prediction, truth, grid, overlap: countOverlap(prediction, truth) };
  return mapValues(metrics, (metric) => metric.measure(comparison));
}

/** Affines are stored as float32, sometimes by way of quaternions: entries may differ by this much (mm). */
const AFFINE_TOLERANCE = 1e-3;

function checkSameGrid(prediction: Grid, truth: Grid): void {
  if (prediction.size.some((n, axis) => n !== truth.size[axis])) {
    throw new UserError(
      `prediction and truth must have the same size: prediction is ${prediction.size.join("x")}, truth is ${truth.size.join("x")}; compare files of the same case`,
    );
  }
  if (prediction.affine.some((a, i) => !(Math.abs(a - truth.affine[i]) <= AFFINE_TOLERANCE))) {
    throw new UserError(
      `prediction and truth must have the same affine: prediction has [${prediction.affine.join(" ")}], truth has [${truth.affine.join(" ")}]; bring both to one grid first`,
    );
  }
}

/** One mask a region, in a single pass over the labels. */
function splitRegions(labels: Uint8Array, regions: Regions, name: string): Record<string, Mask> {
  const masks = mapValues(regions, () => new Uint8Array(labels.length));
  const masksOf = Array.from({ length: 256 }, (_, label) => {
    const own = Object.keys(regions).filter((region) => regions[region].includes(label));
    return own.length > 0 || label === 0 ? own.map((region) => masks[region]) : undefined;
  });
  for (let i = 0; i < labels.length; i++) {
    const own = masksOf[labels[i]];
    if (own === undefined) throw unknownLabel(name, labels[i], regions);
    for (let k = 0; k < own.length; k++) own[k][i] = 1;
  }
  return masks;
}

function unknownLabel(name: string, label: number, regions: Regions): UserError {
  const known = [...new Set(Object.values(regions).flat())].sort((a, b) => a - b);
  return new UserError(
    `${name}: labels must be 0 or belong to a region (${known.join(", ")}), found ${label}; choose the dataset that uses this label`,
  );
}

function mapValues<K extends string, A, B>(
  record: Readonly<Record<K, A>>,
  change: (value: A, key: K) => B,
): Record<K, B> {
  const entries = Object.entries(record) as [K, A][];
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as Record<K, B>;
}
