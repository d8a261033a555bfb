/** @file What a metric is: a number for two masks on one grid, with its unit and the direction that is better. */

import type { Grid } from "../volume/grid.ts";

/** One byte a voxel, 1 inside the region and 0 outside, in the order of the grid. */
export type Mask = Uint8Array;

export interface Metric {
  /** As it is written above a column. */
  readonly title: string;
  readonly unit: "fraction" | "mm";
  readonly better: "higher" | "lower";
  measure(prediction: Mask, truth: Mask, grid: Grid): number;
}
