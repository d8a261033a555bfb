/** @file From a case as its files hold it to what the networks see, and back. */

import { moveOrigin } from "../volume/affine.ts";
import { boundingBox } from "../volume/bounding-box.ts";
import { type Box, fitStart, fitTo, undoFit } from "../volume/fit.ts";
import type { Grid, LabelMap, Vec3, Volume } from "../volume/grid.ts";
import { reorient, restoreOrientation } from "../volume/orientation.ts";
import { relabel, relabelTable } from "../volume/relabel.ts";
import { gridWithSpacing, resampleLabels, resampleVolume } from "../volume/resample.ts";
import type { FrameCase } from "./compact.ts";
import type { Dataset } from "./dataset.ts";
import type { RawCase } from "./load.ts";
import { normalizeChannels } from "./normalization.ts";

export interface PreparedCase extends FrameCase {
  /** Where the frame's voxels lie in the world. */
  readonly grid: Grid;
  /** Classes of every voxel of the frame (x fastest) -> the source's labels on the source's grid. */
  restore(classes: Uint8Array): LabelMap;
  /** Values of every voxel of the frame -> the source's grid, trilinear; 0 outside the frame. */
  restoreValues(values: Float32Array): Float32Array;
}

/** The grids on the way: source, turned, at the frame's spacing; then `size` voxels of the last from `start`. */
interface Route {
  readonly source: Grid;
  readonly turned: Grid;
  readonly spaced: Grid;
  readonly size: Vec3;
  readonly start: Vec3;
}

/**
 * Turns a case to the frame's orientation, normalises it, resamples it to the frame's spacing (z-scores trilinear,
 * classes by greatest weight) and pads or crops its slices to the frame's size around the brain; all slices stay.
 * Normalising after turning makes the result the same to the last bit however the source is stored. A case that lies
 * in the frame is only normalised, in place: `raw.channels` are used up.
 */
export function prepareCase(
  raw: RawCase,
  { frame, normalization }: Pick<Dataset, "frame" | "normalization">,
): PreparedCase {
  const source = raw.source.grid;
  const turn = (data: Float32Array) => reorient<Volume>({ grid: source, data }, frame.orientation).data;
  const turnLabels = (data: Uint8Array) => reorient<LabelMap>({ grid: source, data }, frame.orientation);
  const mask = turnLabels(raw.mask);
  const route = planRoute(source, mask, frame);
  const normal = normalizeChannels(raw.channels.map(turn), mask.data, normalization);
  const channels = normal.map(
    (data) => fitSlices(resampleVolume({ grid: route.turned, data }, route.spaced), route).data,
  );
  const restore = (classes: Uint8Array) => restoreClasses(classes, route, raw.labels);
  const restoreValues = (values: Float32Array) => {
    const whole = undoSlices<Volume>(values, route);
    return restoreOrientation(resampleVolume(whole, route.turned), source).data;
  };
  const prepared = { id: raw.id, size: route.size, grid: gridOf(route), channels, restore, restoreValues };
  if (raw.truth === undefined) return prepared;
  const classes = turnLabels(relabel(raw.truth, relabelTable(raw.labels, [...raw.labels.keys()])));
  return { ...prepared, truth: fitSlices(resampleLabels(classes, route.spaced), route).data };
}

function planRoute(source: Grid, mask: LabelMap, frame: Dataset["frame"]): Route {
  const spacing = frame.spacing.map((mm, axis) => mm ?? mask.grid.spacing[axis]) as unknown as Vec3;
  const spaced = gridWithSpacing(mask.grid, spacing);
  const size: Vec3 = [...frame.sliceSize, spaced.size[2]];
  const brain = isSame(spaced.size, size) ? undefined : findBrain(resampleLabels(mask, spaced));
  const start = brain ? fitStart(spaced.size, size, brain) : ([0, 0, 0] as const);
  return { source, turned: mask.grid, spaced, size, start };
}

const isSame = (a: Vec3, b: Vec3) => a.every((value, axis) => value === b[axis]);

/** A brain smaller than a voxel of the frame is looked for everywhere. */
const findBrain = ({ grid, data }: LabelMap): Box =>
  boundingBox(grid.size, data) ?? { start: [0, 0, 0], end: grid.size };

const fitSlices = <T extends Volume | LabelMap>(image: T, { size, start }: Route): T =>
  isSame(image.grid.size, size) ? image : fitTo(image, size, start);

const gridOf = ({ spaced, size, start }: Route): Grid => ({
  ...spaced,
  ...{ size, affine: moveOrigin(spaced.affine, start) },
});

const undoSlices = <T extends Volume | LabelMap>(data: T["data"], { spaced, size, start }: Route): T =>
  isSame(spaced.size, size)
    ? ({ grid: spaced, data } as T)
    : undoFit({ grid: { ...spaced, size }, data } as T, start, spaced);

function restoreClasses(classes: Uint8Array, route: Route, labels: readonly number[]): LabelMap {
  const whole = undoSlices<LabelMap>(relabel(classes, Uint8Array.from(labels)), route);
  return restoreOrientation(resampleLabels(whole, route.turned), route.source);
}
