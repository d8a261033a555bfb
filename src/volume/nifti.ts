/** @file NIfTI-1 and NIfTI-2 files, plain or gzip: volumes in, volumes and label maps out. */

import { UserError } from "../error.ts";
import type { Gzip } from "../platform.ts";
import { type Grid, type LabelMap, type Volume, voxelCount } from "./grid.ts";
import { type NiftiHeader, parseHeader } from "./nifti-header.ts";
import { createHeader, patchForLabels, patchForOneVolume } from "./nifti-header-write.ts";
import { countNonFinite, datatypes, decodeVoxels } from "./nifti-voxels.ts";

/** A volume with what is needed to write a label map over it. */
export interface NiftiImage extends Volume {
  /** The bytes before the voxels (header, extension flag, extensions), exactly as in the source. */
  readonly header: Uint8Array;
}

/**
 * Reads one 3D volume from the bytes of a `.nii` or `.nii.gz` file; `name` is for messages. Values are stored * scl_slope +
 * scl_inter. Throws `UserError` for what is not NIfTI, is cut off, is not 3D or holds NaN or infinite voxels.
 */
export async function readNifti(bytes: Uint8Array, gzip: Gzip, name: string): Promise<NiftiImage> {
  const { plain, header } = await open(bytes, gzip, name);
  if (header.volumes === 1) return decodeStack(plain, header, name)[0];
  const found = `4D of size ${[...header.grid.size, header.volumes].join("x")}`;
  throw new UserError(
    `${name}: the image must be one 3D volume, found ${found}; split it and give one volume, for example with fslsplit or nibabel`,
  );
}

/** Reads all volumes of a 4D file in their order, one of a 3D file. Throws `UserError` as `readNifti` does. */
export async function readNiftiStack(bytes: Uint8Array, gzip: Gzip, name: string): Promise<NiftiImage[]> {
  const { plain, header } = await open(bytes, gzip, name);
  return decodeStack(plain, header, name);
}

async function open(bytes: Uint8Array, gzip: Gzip, name: string) {
  const plain = isGzip(bytes) ? await inflate(bytes, gzip, name) : bytes;
  return { plain, header: parseHeader(plain, name) };
}

function decodeStack(plain: Uint8Array, header: NiftiHeader, name: string): NiftiImage[] {
  const { grid, volumes, offset } = header;
  const voxels = voxelBytes(plain, header, name);
  const source = plain.slice(0, offset);
  const head = volumes === 1 ? source : patchForOneVolume(source);
  const length = voxels.length / volumes;
  return Array.from({ length: volumes }, (_, volume) => {
    const data = decodeVoxels(voxels.subarray(volume * length, (volume + 1) * length), header);
    requireFinite(data, header, name);
    return { header: head, grid, data };
  });
}

function requireFinite(data: Float32Array, header: NiftiHeader, name: string): void {
  const bad = countNonFinite(data, header);
  if (bad === 0) return;
  throw new UserError(
    `${name}: every voxel must be a finite number, found ${bad} of ${data.length} NaN or infinite; replace them, for example by 0`,
  );
}

/** Reads a label map. Throws `UserError` as `readNifti` does, and where a voxel is not a whole number from 0 to 255. */
export async function readNiftiLabels(bytes: Uint8Array, gzip: Gzip, name: string): Promise<LabelMap> {
  const { grid, data } = await readNifti(bytes, gzip, name);
  const labels = new Uint8Array(data);
  const wrong = firstDifference(labels, data);
  if (wrong >= 0) {
    throw new UserError(
      `${name}: labels must be whole numbers from 0 to 255, found ${data[wrong]}; is this an image, not a label map?`,
    );
  }
  return { grid, data: labels };
}

/**
 * A `.nii.gz` of uint8 labels (x fastest, the source's size) that lies exactly over `source`: its header bytes are copied,
 * both affine forms, units and extensions with them; only data type, scaling and display range are changed.
 */
export async function writeNiftiLabels(labels: Uint8Array, source: NiftiImage, gzip: Gzip): Promise<Uint8Array> {
  if (labels.length !== voxelCount(source.grid)) {
    throw new RangeError(`writeNiftiLabels: ${labels.length} labels for a source of ${voxelCount(source.grid)} voxels`);
  }
  const header = patchForLabels(source.header);
  const bytes = new Uint8Array(header.length + labels.length);
  bytes.set(header);
  bytes.set(labels, header.length);
  return gzip.deflate(bytes);
}

type Written = Uint8Array | Int16Array | Float32Array;

/** Data type -> its code in the header. */
const writable = { uint8: 2, int16: 4, float32: 16 } as const;

/** A new NIfTI-1 `.nii.gz` in mm. Throws `RangeError` where an integer `datatype` cannot hold a value exactly. */
export async function writeNiftiVolume(
  volume: Volume | LabelMap,
  gzip: Gzip,
  datatype: keyof typeof writable = "float32",
): Promise<Uint8Array> {
  const { bytes, written } = joinVolumes([volume.data], volume.grid, datatype);
  const wrong = firstDifference(written, volume.data);
  if (wrong >= 0) throw new RangeError(`writeNiftiVolume: ${datatype} cannot hold ${volume.data[wrong]}`);
  return gzip.deflate(bytes);
}

/** A new NIfTI-1 `.nii.gz` of float32 in mm, 4D: volumes of one grid, x fastest. Holds all of them at once. */
export async function writeNiftiStack(volumes: readonly Float32Array[], grid: Grid, gzip: Gzip): Promise<Uint8Array> {
  return gzip.deflate(joinVolumes(volumes, grid, "float32").bytes);
}

/** A whole file, and the part of it that is voxels: the volumes, one after the other. */
function joinVolumes(volumes: readonly (Float32Array | Uint8Array)[], grid: Grid, datatype: keyof typeof writable) {
  const code = writable[datatype];
  const header = createHeader(grid, code, volumes.length);
  const count = volumes[0].length;
  const bytes = new Uint8Array(header.length + volumes.length * count * datatypes[code].bytes);
  bytes.set(header);
  const written = datatypes[code].view(bytes.buffer, header.length) as Written;
  for (const [i, volume] of volumes.entries()) written.set(volume, i * count);
  return { bytes, written };
}

function firstDifference(a: Written, b: Written): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function inflate(bytes: Uint8Array, gzip: Gzip, name: string): Promise<Uint8Array> {
  try {
    return await gzip.inflate(bytes);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${name}: the gzip file must be whole, found "${found}"; copy or download it again`, { cause });
  }
}

function voxelBytes(plain: Uint8Array, header: NiftiHeader, name: string): Uint8Array {
  const { grid, volumes, datatype, offset } = header;
  const expected = volumes * voxelCount(grid) * datatypes[datatype].bytes;
  const found = Math.max(0, plain.length - offset);
  if (found >= expected) return plain.subarray(offset, offset + expected);
  throw new UserError(
    `${name}: ${[...grid.size, ...(volumes > 1 ? [volumes] : [])].join("x")} voxels of ${datatypes[datatype].name} must be ${expected} bytes, found ${found}; ` +
      "the file is cut off, copy or download it again",
  );
}
