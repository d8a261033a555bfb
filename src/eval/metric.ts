/** @file What a metric is: a number for two masks on one grid, with its unit and the direction that is better. */

import type { Grid } from "../volume/grid.ts";
import type { Overlap } from "./overlap.ts";

/** One byte a voxel, 1 inside the region and 0 outside, in the order of the grid. */
export type Mask = Uint8Array;

/** Two masks on one grid, and what is counted once for all metrics. */
export interface Comparison {
  readonly prediction: Mask;
  readonly truth: Mask;
  readonly grid: Grid;
  readonly overlap: Overlap;
}

export interface Metric {
  /** As it is written above a column. */
  readonly title: string;
  readonly unit: "fraction" | "mm";
  readonly better: "higher" | "lower";
  measure(comparison: Comparison): number;
}
