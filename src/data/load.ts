/** @file Reads the files of a case and checks that they fit together. */

import { UserError } from "../error.ts";
import type { Folder, Gzip } from "../platform.ts";
import { toWorld } from "../volume/affine.ts";
import type { Grid, LabelMap, Vec3 } from "../volume/grid.ts";
import { type NiftiImage, readNifti, readNiftiLabels, readNiftiStack } from "../volume/nifti.ts";
import type { CaseFiles, Dataset } from "./dataset.ts";
import { maskBody, type Normalization } from "./normalization.ts";

/** A case as its files hold it. All arrays lie on `source.grid`, x fastest. */
export interface RawCase {
  readonly id: string;
  /** Raw intensities, in the data set's channel order. */
  readonly channels: readonly Float32Array[];
  /** Labels as the file has them. */
  readonly truth?: Uint8Array;
  /** 1 in the body part, see `maskBody`. */
  readonly mask: Uint8Array;
  /** Class index -> label in the files of this case. */
  readonly labels: readonly number[];
  /** The first channel's file: the grid, and the header that a written label map copies. */
  readonly source: NiftiImage;
}

/** What reading needs to know. */
type Readable = Pick<Dataset, "id" | "channels" | "labels" | "otherLabels" | "normalization">;

/** The cases of a folder, also those with a `problem`. Throws `UserError` when there is none. */
export async function findCases(
  dataset: Pick<Dataset, "id" | "naming" | "recognise">,
  folder: Folder,
): Promise<CaseFiles[]> {
  const cases = dataset.recognise(await folder.list());
  if (cases.length > 0) return cases;
  throw new UserError(
    `${folder.name}: a case of data set "${dataset.id}" is ${dataset.naming}; found none; name the files so, or give another folder`,
  );
}

/**
 * Reads the channels of a case, and its truth when `truth` is set and there is one. Throws `UserError` for an
 * incomplete case, a file that cannot be read, files of different geometry, labels outside the data set's and an empty
 * brain.
 */
export async function loadCase(
  files: CaseFiles,
  folder: Folder,
  { dataset, gzip, truth }: { dataset: Readable; gzip: Gzip; truth: boolean },
): Promise<RawCase> {
  if (files.problem !== undefined) throw new UserError(files.problem);
  const paths = dataset.channels.map((channel) => files.channels[channel]);
  const truthPath = truth ? files.truth : undefined;
  const reading = truthPath === undefined ? undefined : readTruth(truthPath, folder, gzip);
  reading?.catch(() => {}); // told below, after what is wrong with the images
  const images = await readChannels(paths, folder, gzip);
  const [source] = images;
  images.forEach(({ grid }, i) => {
    requireSameGrid({ path: paths[0], grid: source.grid }, { path: paths[i], grid });
  });
  const channels = images.map(({ data }) => data);
  const mask = maskBody(channels, dataset.normalization);
  if (!mask.includes(1)) throw new UserError(`case "${files.id}": ${describeEmpty(dataset.normalization)}`);
  const base = { id: files.id, channels, mask, source };
  if (truthPath === undefined || reading === undefined) return { ...base, labels: files.labels };
  const map = await reading;
  requireSameGrid({ path: paths[0], grid: source.grid }, { path: truthPath, grid: map.grid });
  return { ...base, truth: map.data, labels: findLabels(map, truthPath, { files, dataset }) };
}

const describeEmpty = (normalization: Normalization) =>
  normalization === "brainZscore"
    ? "the brain (where the sum of the channels is > 0) must not be empty, found no such voxel"
    : "the image must show something, found no voxel that is not 0 or below the intensities of the data set";

/** One file a channel, or one 4D file of all. */
async function readChannels(paths: readonly string[], folder: Folder, gzip: Gzip): Promise<NiftiImage[]> {
  const [path] = paths;
  if (paths.length === 1 || paths.some((other) => other !== path))
    return Promise.all(paths.map(async (path) => readNifti(await folder.read(path), gzip, path)));
  const images = await readNiftiStack(await folder.read(path), gzip, path);
  if (images.length === paths.length) return images;
  throw new UserError(`${path}: must hold ${paths.length} volumes, one for each channel, found ${images.length}`);
}

const readTruth = async (path: string, folder: Folder, gzip: Gzip) =>
  readNiftiLabels(await folder.read(path), gzip, path);

/**
 * Files of one case may differ by this much at any corner, in voxels: rounding in headers, never a shift that shows.
 */
const tolerance = 0.1;

interface PlacedFile {
  readonly path: string;
  readonly grid: Grid;
}

function requireSameGrid(a: PlacedFile, b: PlacedFile): void {
  const wrong = (what: string, of: (grid: Grid) => string) =>
    new UserError(
      `files of a case must have the same ${what}: ${a.path} has ${of(a.grid)}, ${b.path} has ${of(b.grid)}; resample one onto the other`,
    );
  if (a.grid.size.some((n, axis) => n !== b.grid.size[axis])) throw wrong("size", ({ size }) => size.join("x"));
  const limit = tolerance * Math.min(...a.grid.spacing);
  const apart = ([x1, y1, z1]: Vec3, [x2, y2, z2]: Vec3) => Math.hypot(x1 - x2, y1 - y2, z1 - z2);
  if (
    cornersOf(a.grid.size).every(
      (corner) => apart(toWorld(a.grid.affine, corner), toWorld(b.grid.affine, corner)) <= limit,
    )
  )
    return;
  throw wrong("affine", ({ affine }) => `[${affine.map((value) => Number(value.toFixed(4))).join(", ")}]`);
}

const cornersOf = ([x, y, z]: Vec3): Vec3[] =>
  [0, x - 1].flatMap((i) => [0, y - 1].flatMap((j) => [0, z - 1].map((k): Vec3 => [i, j, k])));

/**
 * The first convention that has all labels of the map: that of the file names, then the data set's, then its others.
 */
export function findLabels(
  { data }: LabelMap,
  path: string,
  { files, dataset }: { files: CaseFiles; dataset: Pick<Dataset, "id" | "labels" | "otherLabels"> },
): readonly number[] {
  const present = new Uint8Array(256);
  for (let i = 0; i < data.length; i++) present[data[i]] = 1;
  const found = Array.from(present.keys()).filter((label) => present[label] === 1);
  const known = [dataset.labels, ...dataset.otherLabels];
  const labels = [files.labels, ...known].find((convention) => found.every((label) => convention.includes(label)));
  if (labels !== undefined) return labels;
  const wanted = known.map((convention) => convention.join(", ")).join(" or ");
  throw new UserError(`${path}: labels of data set "${dataset.id}" must be ${wanted}; found ${found.join(", ")}`);
}
