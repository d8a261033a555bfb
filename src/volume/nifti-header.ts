/** @file What a NIfTI-1 or NIfTI-2 header says. */

import { isNIFTI, type NIFTI1, type NIFTI2, readHeader } from "nifti-reader-js";
import { UserError } from "../error.ts";
import { columnNorms, determinant, joinAffine, linearPart, scaleColumns } from "./affine.ts";
import type { Affine, Grid, Vec3 } from "./grid.ts";
import { datatypes, type Encoding } from "./nifti-voxels.ts";
import { rotationOf } from "./quaternion.ts";

type RawHeader = NIFTI1 | NIFTI2;

export interface NiftiHeader extends Encoding {
  /** Of one volume. */
  readonly grid: Grid;
  /** How many volumes of that grid the file holds, one after the other. */
  readonly volumes: number;
  /** Byte at which the voxels begin: header, extension flag and extensions come before. */
  readonly offset: number;
}

/** Byte offsets of the fields that the library does not give or that writing changes. */
export const layouts = {
  1: {
    size: 348,
    srow: 280,
    dim: 40,
    datatype: 70,
    voxOffset: 108,
    slope: 112,
    intercept: 116,
    calMax: 124,
    calMin: 128,
  },
  2: {
    size: 540,
    srow: 400,
    dim: 16,
    datatype: 12,
    voxOffset: 168,
    slope: 176,
    intercept: 184,
    calMax: 192,
    calMin: 200,
  },
} as const;

export interface Kind {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
}

/** Version and byte order, which sizeof_hdr (the first four bytes) tells. */
export function identify(bytes: Uint8Array): Kind | undefined {
  if (bytes.length < layouts[1].size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      if (view.getInt32(0, littleEndian) === layouts[version].size) return { version, littleEndian };
    }
  }
  return undefined;
}

/** Reads the header at the start of an inflated `.nii` file. Throws `UserError` where it does not describe 3D volumes. */
export function parseHeader(bytes: Uint8Array, name: string): NiftiHeader {
  const kind = identify(bytes);
  if (!kind || bytes.length < layouts[kind.version].size) throw new UserError(notNifti(bytes, name));
  // Only the fixed part is handed over: the library throws bare errors on damaged extensions, which we merely carry along.
  const fixed = bytes.slice(0, layouts[kind.version].size).buffer;
  if (!isNIFTI(fixed)) throw new UserError(notSingleFile(fixed, name));
  const raw = readHeader(fixed);
  if (!(raw.datatypeCode in datatypes)) throw new UserError(badDatatype(raw, name));
  return {
    grid: gridOf(raw, srowOf(fixed, kind), name),
    volumes: raw.dims.slice(4, raw.dims[0] + 1).reduce((product, size) => product * size, 1),
    datatype: raw.datatypeCode,
    littleEndian: kind.littleEndian,
    offset: offsetOf(raw, layouts[kind.version].size + 4, name),
    ...scalingOf(raw, name),
  };
}

function notNifti(bytes: Uint8Array, name: string): string {
  const found = bytes.length === 0 ? "an empty file" : `${bytes.length} bytes without a NIfTI header`;
  return `${name}: must be a NIfTI file (.nii or .nii.gz), found ${found}; convert the image, for example with dcm2niix`;
}

function notSingleFile(fixed: ArrayBuffer, name: string): string {
  const found = isNIFTI(fixed, true) ? "the header (.hdr) of a .hdr/.img pair" : "an Analyze 7.5 header";
  return `${name}: header and voxels must be in one NIfTI file, found ${found}; convert the pair to .nii.gz, for example with nibabel`;
}

function badDatatype(raw: RawHeader, name: string): string {
  const known = Object.values(datatypes).map((type) => type.name);
  const found = `${raw.getDatatypeCodeString(raw.datatypeCode)} (code ${raw.datatypeCode})`;
  return `${name}: voxels must be of type ${known.join(", ")}, found ${found}; convert the image`;
}

function offsetOf(raw: RawHeader, smallest: number, name: string): number {
  const offset = raw.vox_offset === 0 ? smallest : raw.vox_offset;
  if (Number.isInteger(offset) && offset >= smallest) return offset;
  throw new UserError(
    `${name}: vox_offset must be ${smallest} or more, found ${offset}; the header is damaged, convert the image again`,
  );
}

/** scl_slope 0 or NaN means that the voxels are stored unscaled. */
function scalingOf({ scl_slope: slope, scl_inter: intercept }: RawHeader, name: string) {
  if (slope === 0 || Number.isNaN(slope)) return { slope: 1, intercept: 0 };
  if (Number.isFinite(slope) && Number.isFinite(intercept)) return { slope, intercept };
  throw new UserError(
    `${name}: scl_slope and scl_inter must be finite, found ${slope} and ${intercept}; the header is damaged, convert the image again`,
  );
}

function gridOf(raw: RawHeader, srow: Affine, name: string): Grid {
  const size = sizeOf(raw, name);
  const unit = millimetresPer(raw);
  const affine = affineOf(raw, srow).map((value) => value * unit);
  const norms = columnNorms(linearPart(affine));
  const shape = Math.abs(determinant(linearPart(affine))) / (norms[0] * norms[1] * norms[2]);
  if (!affine.every(Number.isFinite) || !(shape > 1e-6)) {
    throw new UserError(
      `${name}: the affine must be finite and invertible, found [${affine.join(", ")}]; set the s-form or q-form of the file`,
    );
  }
  // pixdim is preferred where it agrees: the norm of float32 direction cosines is 0.9999999 as often as 1.
  const spacing = norms.map((norm, i) => {
    const pixdim = Math.abs(raw.pixDims[i + 1]) * unit;
    return Math.abs(norm - pixdim) <= 1e-5 * norm ? pixdim : norm;
  });
  return { size, spacing: spacing as unknown as Vec3, affine };
}

function sizeOf({ dims }: RawHeader, name: string): Vec3 {
  const rank = dims[0];
  const sizes = dims.slice(1, rank + 1);
  if (rank < 1 || rank > 7 || sizes.some((size) => size < 1)) {
    throw new UserError(
      `${name}: every dimension must be 1 or more, found dim = [${dims.join(", ")}]; the header is damaged`,
    );
  }
  if (rank < 3) {
    throw new UserError(
      `${name}: the image must be one 3D volume, found ${rank}D of size ${sizes.join("x")}; stack the slices to a volume first`,
    );
  }
  return [sizes[0], sizes[1], sizes[2]];
}

const SPATIAL_UNITS = 7;
/** The low three bits of xyzt_units: 1 metre, 2 millimetre, 3 micrometre, 0 unknown and then taken as millimetre. */
const millimetresPer = ({ xyzt_units }: RawHeader): number => [1, 1000, 1, 0.001][xyzt_units & SPATIAL_UNITS] ?? 1;

/**
 * Voxel to world, in the units of the file: s-form if coded, else q-form, else pixdim alone (METHODS 3, 2, 1 of nifti1.h).
 * The library's own `affine` is not used: it prefers the q-form where its code is greater, and has no q-form for NIfTI-2.
 */
function affineOf(raw: RawHeader, srow: Affine): Affine {
  if (raw.sform_code > 0) return srow;
  const pixdim: Vec3 = [Math.abs(raw.pixDims[1]), Math.abs(raw.pixDims[2]), Math.abs(raw.pixDims[3])];
  if (raw.qform_code > 0) {
    const qfac = raw.pixDims[0] < 0 ? -1 : 1;
    const rotation = rotationOf([raw.quatern_b, raw.quatern_c, raw.quatern_d]);
    const scaled = scaleColumns(rotation, [pixdim[0], pixdim[1], qfac * pixdim[2]]);
    return joinAffine(scaled, [raw.qoffset_x, raw.qoffset_y, raw.qoffset_z]);
  }
  return joinAffine(scaleColumns([1, 0, 0, 0, 1, 0, 0, 0, 1], pixdim), [0, 0, 0]);
}

function srowOf(fixed: ArrayBuffer, { version, littleEndian }: Kind): Affine {
  const view = new DataView(fixed, layouts[version].srow);
  return Array.from({ length: 12 }, (_, i) =>
    version === 1 ? view.getFloat32(4 * i, littleEndian) : view.getFloat64(8 * i, littleEndian),
  );
}
