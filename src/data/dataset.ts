/** @file What a data set is: channels, labels, regions, the frame its networks see, and how its files are named. */

import { UserError } from "../error.ts";
import type { Vec3 } from "../volume/grid.ts";
import type { NormalizationId } from "./normalization.ts";

/** The geometry that the networks of a bank see. The number of slices is free. */
export interface Frame {
  /** Where each axis x, y, z of the array points: "LPS" is left, posterior, superior. */
  readonly orientation: string;
  /** Millimetres. */
  readonly spacing: Vec3;
  /** Voxels of a slice in x and y. */
  readonly sliceSize: readonly [number, number];
}

/** The files of one case. Paths are relative to the folder that was listed. */
export interface CaseFiles {
  readonly id: string;
  /** Channel -> path; complete unless there is a `problem`. */
  readonly channels: Readonly<Record<string, string>>;
  readonly truth?: string;
  /** Class index -> label, as this source's naming writes them. */
  readonly labels: readonly number[];
  /** Why the case cannot be loaded, as a message to the user. */
  readonly problem?: string;
}

export interface Dataset {
  readonly id: string;
  /** In the order of the networks' input channels. */
  readonly channels: readonly string[];
  /** Class index -> label in a file. */
  readonly labels: readonly number[];
  /** Other label conventions that sources of this data set use, each class index -> label. */
  readonly otherLabels: readonly (readonly number[])[];
  /** Class index -> words for people. */
  readonly labelNames: readonly string[];
  /** Region -> the labels (in the convention of `labels`) that belong to it. */
  readonly regions: Readonly<Record<string, readonly number[]>>;
  readonly normalization: NormalizationId;
  readonly frame: Frame;
  /**
   * The cases among `paths`, sorted by id; the same for a folder of case folders, one case folder and dropped files.
   */
  recognise(paths: readonly string[]): CaseFiles[];
  /** The source (site, year) a case id belongs to, for stratified folds. */
  stratum(id: string): string;
}

/** Throws the first problem among the cases. */
export function requireComplete(cases: readonly CaseFiles[]): void {
  for (const { problem } of cases) if (problem !== undefined) throw new UserError(problem);
}
