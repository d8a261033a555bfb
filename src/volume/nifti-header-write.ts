/** @file The headers of written NIfTI files: the source's with a few fields changed, or a new one. */

import { columnNorms, determinant, linearPart, nearestOrthogonal, scaleColumns } from "./affine.ts";
import type { Grid } from "./grid.ts";
import { identify, layouts } from "./nifti-header.ts";
import { datatypes, machineIsLittleEndian } from "./nifti-voxels.ts";
import { quaternionOf } from "./quaternion.ts";

/**
 * A copy of header bytes that announces unscaled uint8 voxels right after it; every other byte is as it was.
 * Extensions stay, and vox_offset is the length of `header`, which ends where the voxels begin.
 */
export function patchForLabels(header: Uint8Array): Uint8Array {
  const { version, littleEndian } = identify(header)!;
  const layout = layouts[version];
  const out = header.slice();
  const view = new DataView(out.buffer);
  const setReal = (at: number, value: number) =>
    version === 1 ? view.setFloat32(at, value, littleEndian) : view.setFloat64(at, value, littleEndian);
  view.setInt16(layout.datatype, 2, littleEndian);
  view.setInt16(layout.datatype + 2, 8, littleEndian);
  if (version === 1) setReal(layout.voxOffset, header.length);
  else view.setBigInt64(layout.voxOffset, BigInt(header.length), littleEndian);
  setReal(layout.slope, 1);
  setReal(layout.intercept, 0);
  setReal(layout.calMax, 0);
  setReal(layout.calMin, 0);
  return out;
}

/** A copy of the header of a file of several volumes that announces one of them. */
export function patchForOneVolume(header: Uint8Array): Uint8Array {
  const { version, littleEndian } = identify(header)!;
  const { dim } = layouts[version];
  const out = header.slice();
  const view = new DataView(out.buffer);
  for (const [i, size] of [3, undefined, undefined, undefined, 1, 1, 1, 1].entries()) {
    if (size === undefined) continue;
    if (version === 1) view.setInt16(dim + 2 * i, size, littleEndian);
    else view.setBigInt64(dim + 8 * i, BigInt(size), littleEndian);
  }
  return out;
}

/** Where the voxels of a new file begin: header and an extension flag of four zeros. */
const NEW_OFFSET = 352;

/**
 * NIfTI-1 header (352 bytes, the machine's byte order) of 3D volumes in mm, 4D where they are several: s-form = the affine, q-form = the nearest
 * rotation with its spacing, both of code 1 (scanner).
 */
export function createHeader({ size, affine }: Grid, datatype: number, volumes = 1): Uint8Array {
  const header = new Uint8Array(NEW_OFFSET);
  const view = new DataView(header.buffer);
  const shorts = (at: number, values: readonly number[]) => {
    for (const [i, value] of values.entries()) view.setInt16(at + 2 * i, value, machineIsLittleEndian);
  };
  const floats = (at: number, values: readonly number[]) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, machineIsLittleEndian);
  };
  const { qfac, quaternion, spacing } = qformOf(affine);
  view.setInt32(0, 348, machineIsLittleEndian);
  header[38] = 0x72; // "regular", which Analyze readers want
  shorts(40, [volumes > 1 ? 4 : 3, ...size, volumes, 1, 1, 1]); // dim
  shorts(70, [datatype, 8 * datatypes[datatype].bytes]); // datatype, bitpix
  floats(76, [qfac, ...spacing, 1, 1, 1, 1]); // pixdim
  floats(108, [NEW_OFFSET, 1, 0]); // vox_offset, scl_slope, scl_inter
  header[123] = 2; // xyzt_units: mm
  shorts(252, [1, 1]); // qform_code, sform_code
  floats(256, [...quaternion, affine[3], affine[7], affine[11]]);
  floats(280, affine); // srow_x, srow_y, srow_z
  header.set([0x6e, 0x2b, 0x31], 344); // "n+1"
  return header;
}

/** A q-form holds a proper rotation only, so a mirrored grid turns its third axis round and says so in qfac = -1. */
function qformOf(affine: Grid["affine"]) {
  const matrix = linearPart(affine);
  const qfac = determinant(matrix) < 0 ? -1 : 1;
  const rotation = nearestOrthogonal(scaleColumns(matrix, [1, 1, qfac]));
  return { qfac, quaternion: quaternionOf(rotation), spacing: columnNorms(matrix) };
}
