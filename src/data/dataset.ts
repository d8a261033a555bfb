/** @file What a data set is: channels, labels, regions, the frame its networks see, and how its files are named. */

import type { Folder, Gzip, Progress } from "../platform.ts";
import type { Normalization } from "./normalization.ts";

/** The geometry that the networks of a bank see. The number of slices is free. */
export interface Frame {
  /** Where each axis x, y, z of the array points: "LPS" is left, posterior, superior. */
  readonly orientation: string;
  /** Millimetres; null leaves an axis as the source has it. */
  readonly spacing: readonly [number | null, number | null, number | null];
  /** Voxels of a slice in x and y. */
  readonly sliceSize: readonly [number, number];
}

/** The files of one case. Paths are relative to the folder that was listed. */
export interface CaseFiles {
  readonly id: string;
  /** Channel -> path; complete unless there is a `problem`. Where all name one path, it is a 4D file of them in order. */
  readonly channels: Readonly<Record<string, string>>;
  readonly truth?: string;
  /** Class index -> label, as this source's naming writes them. */
  readonly labels: readonly number[];
  /** Why the case cannot be loaded, as a message to the user. */
  readonly problem?: string;
}

export interface Dataset {
  readonly id: string;
  /** How the files of a case are called, as words for a message. */
  readonly naming: string;
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
  readonly normalization: Normalization;
  /** Dice over all cases together is reported beside the mean over cases, as the data set's challenge does. */
  readonly globalDice?: boolean;
  readonly frame: Frame;
  /**
   * The cases among `paths`, sorted by id; the same for a folder of case folders, one case folder and dropped files.
   */
  recognise(paths: readonly string[]): CaseFiles[];
  /** The source (site, year) a case id belongs to, for stratified folds. */
  stratum(id: string): string;
}

/** What a bank keeps of the data set that it learned from. */
export type DatasetDescription = Pick<Dataset, "channels" | "labels" | "regions" | "normalization" | "frame">;

/** Data sets that share a way of naming files, while the rest is in a file of each. */
export interface DatasetFamily {
  /** The name of the file. */
  readonly file: string;
  /** What the folder's file says; frame and normalization are not known yet. Throws `UserError` for a bad or missing file. */
  describe(folder: Folder): Promise<Omit<Dataset, "frame" | "normalization">>;
  /** The data set of a folder, frame and normalization planned from its labelled cases. Throws `UserError`. */
  open(folder: Folder, gzip: Gzip, watch?: Watch): Promise<Dataset>;
  /** The data set as a bank knows it. */
  restore(description: DatasetDescription): Dataset;
}

/** How a long work tells of itself and is stopped. */
export interface Watch {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
