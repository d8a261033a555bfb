import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import reference from "../../test/reference/volume.json" with { type: "json" };
import { UserError } from "../error.ts";
import { columnNorms, linearPart } from "./affine.ts";
import type { Affine, Vec3 } from "./grid.ts";
import {
  type NiftiImage,
  readNifti,
  readNiftiLabels,
  readNiftiStack,
  writeNiftiLabels,
  writeNiftiStack,
  writeNiftiVolume,
} from "./nifti.ts";

const gzip = {
  inflate: promisify<Uint8Array, Uint8Array>(zlib.gunzip),
  deflate: promisify<Uint8Array, Uint8Array>(zlib.gzip),
};
const files = Object.fromEntries(reference.files.map(({ name, file }) => [name, Buffer.from(file, "base64")]));
const plain = (name: string) => new Uint8Array(zlib.gunzipSync(files[name]));
const near = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 4));

/** An int16 NIfTI-1 of 3x2x2, little-endian, q-form code 2 and s-form code 1, with bytes changed. */
function changed(change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = plain("q-form code greater than s-form code");
  change(new DataView(bytes.buffer), bytes);
  return bytes;
}

describe("readNifti", () => {
  test.each(reference.files)("$name as nibabel reads it", async ({ name, affine, data }) => {
    for (const bytes of [files[name], plain(name)]) {
      const image = await readNifti(bytes, gzip, name);
      expect(image.grid.size).toEqual([3, 2, 2]);
      expect(image.grid.affine).toEqual(near(affine));
      expect(image.grid.spacing).toEqual(near(columnNorms(linearPart(affine))));
      expect(image.data).toEqual(Float32Array.from(data));
    }
  });

  test("bytes that lie anywhere in memory", async () => {
    const shifted = new Uint8Array(1000);
    shifted.set(plain(">f8 NIfTI-1"), 3);
    const expected = await readNifti(files[">f8 NIfTI-1"], gzip, "x");
    expect((await readNifti(shifted.subarray(3), gzip, "x")).data).toEqual(expected.data);
  });

  test.each([
    ["<u2 NIfTI-1", 348, (view: DataView) => view.setInt16(48, 2, true)],
    ["<i2 NIfTI-2", 540, (view: DataView) => view.setBigInt64(48, 2n, true)],
  ])("%s of four dimensions: its volumes one by one, labels lie over one", async (name, size, setVolumes) => {
    const single = plain(name);
    const offset = single.length - 24; // 3x2x2 voxels of 16 bits
    const bytes = new Uint8Array([...single, ...single.subarray(offset)]);
    const view = new DataView(bytes.buffer);
    expect(view.getInt32(0, true)).toBe(size);
    setVolumes(view);
    if (size === 348) view.setInt16(40, 4, true);
    else view.setBigInt64(16, 4n, true);
    view.setInt16(offset + 24, 777, true); // the first voxel of the second volume
    const [first, second] = await readNiftiStack(bytes, gzip, "x");
    const alone = await readNifti(single, gzip, "x");
    expect(first).toEqual({ ...alone, header: expect.anything() });
    expect([...second.data]).toEqual([expect.not.closeTo(alone.data[0]), ...alone.data.subarray(1)]);
    const labels = await readNiftiLabels(await writeNiftiLabels(new Uint8Array(12).fill(3), second, gzip), gzip, "y");
    expect(labels).toEqual({ grid: alone.grid, data: new Uint8Array(12).fill(3) });
  });

  test("without s-form and q-form the spacing alone gives the affine", async () => {
    const bytes = changed((view) => {
      view.setInt16(252, 0, true);
      view.setInt16(254, 0, true);
      view.setFloat32(80, 0.5, true);
    });
    const { grid } = await readNifti(bytes, gzip, "x");
    expect(grid.affine).toEqual([0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    expect(grid.spacing).toEqual([0.5, 1, 1]);
  });

  test.each([
    { code: 1, unit: "metres", spacing: [900, 800, 2500] },
    { code: 3, unit: "micrometres", spacing: [0.0009, 0.0008, 0.0025] },
    { code: 0, unit: "unknown, so millimetres", spacing: [0.9, 0.8, 2.5] },
  ])("units: $unit", async ({ code, spacing }) => {
    const bytes = changed((_, all) => {
      all[123] = code + 8; // + seconds
    });
    const { grid } = await readNifti(bytes, gzip, "x");
    for (const axis of [0, 1, 2]) expect(grid.spacing[axis] / spacing[axis]).toBeCloseTo(1, 6);
    expect(grid.affine[0]).toBeCloseTo(spacing[0], 4);
  });

  test.each([0, Number.NaN])("scl_slope %d means no scaling", async (slope) => {
    const bytes = changed((view) => {
      view.setFloat32(112, slope, true);
      view.setFloat32(116, 7, true);
    });
    const { data } = reference.files.find(({ name }) => name === "q-form code greater than s-form code")!;
    expect([...(await readNifti(bytes, gzip, "x")).data]).toEqual(data);
  });

  test("more voxels than one chunk, in either byte order", async () => {
    const values = Float32Array.from({ length: 100 * 90 * 20 }, (_, i) => (i % 30011) - 9000);
    const grid = {
      size: [100, 90, 20] as Vec3,
      spacing: [1, 1, 1] as Vec3,
      affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    };
    const bytes = await gzip.inflate(await writeNiftiVolume({ grid, data: values }, gzip, "int16"));
    expect((await readNifti(bytes, gzip, "x")).data).toEqual(values);
  });
});

describe("readNifti refuses, naming the file,", () => {
  const truncated = files["scaled"].subarray(0, -20);
  const float = plain("<f4 NIfTI-1");
  new DataView(float.buffer).setFloat32(352, Number.NaN, true);
  new DataView(float.buffer).setFloat32(356, Number.POSITIVE_INFINITY, true);
  const cases: Record<string, [Uint8Array, RegExp]> = {
    "an empty file": [new Uint8Array(0), /must be a NIfTI file .* found an empty file/],
    "another file": [new TextEncoder().encode("x".repeat(4000)), /must be a NIfTI file .* found 4000 bytes/],
    "a gzip file cut off": [truncated, /gzip file must be whole/],
    "gzip of nothing": [zlib.gzipSync(""), /found an empty file/],
    "voxels cut off": [plain("scaled").subarray(0, 370), /3x2x2 voxels of int16 must be 24 bytes, found 18/],
    "a header cut off": [plain(">f4 NIfTI-2").subarray(0, 500), /must be a NIfTI file/],
    "a header alone": [plain("scaled").subarray(0, 348), /must be 24 bytes, found 0/],
    "a .hdr of a pair": [
      changed((_, bytes) => bytes.set([0x6e, 0x69, 0x31], 344)),
      /found the header \(\.hdr\) of a \.hdr\/\.img pair/,
    ],
    "Analyze 7.5": [changed((_, bytes) => bytes.fill(0, 344, 348)), /found an Analyze 7.5 header/],
    "colour voxels": [
      changed((view) => view.setInt16(70, 128, true)),
      /must be of type uint8, .*float32.*, found .*code 128/,
    ],
    "a 4D image": [
      changed((view) => {
        view.setInt16(40, 4, true);
        view.setInt16(48, 5, true);
      }),
      /must be one 3D volume, found 4D of size 3x2x2x5; split it/,
    ],
    "a single slice": [
      changed((view) => view.setInt16(40, 2, true)),
      /must be one 3D volume, found 2D of size 3x2; stack/,
    ],
    "a size of zero": [changed((view) => view.setInt16(44, 0, true)), /every dimension must be 1 or more/],
    "an impossible rank": [changed((view) => view.setInt16(40, 9, true)), /found dim = \[9, 3, 2, 2/],
    "voxels inside the header": [
      changed((view) => view.setFloat32(108, 100, true)),
      /vox_offset must be 352 or more, found 100/,
    ],
    "an infinite slope": [
      changed((view) => view.setFloat32(112, Number.POSITIVE_INFINITY, true)),
      /must be finite, found Infinity/,
    ],
    "an affine of zeros": [changed((_, bytes) => bytes.fill(0, 280, 328)), /affine must be finite and invertible/],
    "NaN and infinity": [float, /every voxel must be a finite number, found 2 of 12 NaN or infinite/],
  };
  test.each(Object.entries(cases))("%s", async (_, [bytes, message]) => {
    const error = await readNifti(bytes, gzip, "case/x.nii.gz").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/^case\/x\.nii\.gz: [^\n]+$/);
    expect((error as UserError).message).toMatch(message);
  });
});

describe("readNiftiLabels", () => {
  test("gives whole numbers", async () => {
    const { data } = reference.files.find(({ name }) => name === "<u1 NIfTI-1")!;
    expect((await readNiftiLabels(files["<u1 NIfTI-1"], gzip, "x")).data).toEqual(Uint8Array.from(data));
  });

  test.each([
    ["<f4 NIfTI-1", "a fraction"],
    ["<i1 NIfTI-2", "a negative number"],
  ])("refuses %s for %s", async (name) => {
    await expect(readNiftiLabels(files[name], gzip, "x")).rejects.toThrow(
      /x: labels must be whole numbers from 0 to 255, found -?\d/,
    );
  });
});

/** Bytes of the header that `writeNiftiLabels` may change: data type, voxel offset and scaling, display range. */
const mayChange = (version: number) => {
  const ranges =
    version === 1
      ? [
          [70, 74],
          [108, 120],
          [124, 132],
        ]
      : [
          [12, 16],
          [168, 208],
        ];
  return (i: number) => ranges.some(([from, to]) => i >= from && i < to);
};

async function expectOverSource(source: NiftiImage, labels: Uint8Array) {
  const written = await gzip.inflate(await writeNiftiLabels(labels, source, gzip));
  const version = source.header[0] + source.header[3] === 0x5c ? 1 : 2; // 348 = 0x15c, 540 = 0x21c
  const differing = [...source.header.keys()].filter((i) => written[i] !== source.header[i]);
  expect(differing.filter((i) => !mayChange(version)(i))).toEqual([]);
  const back = await readNiftiLabels(written, gzip, "written");
  expect(back.grid).toEqual(source.grid);
  expect(Buffer.compare(back.data, labels)).toBe(0); // toEqual takes 40 s for 9 million voxels
  return { written, differing };
}

describe("writeNiftiLabels", () => {
  const labels = Uint8Array.of(0, 1, 2, 4, 255, 0, 0, 3, 2, 1, 0, 4);

  test.each(reference.files)("over $name changes nothing else in the header", async ({ name }) => {
    await expectOverSource(await readNifti(files[name], gzip, name), labels);
  });

  test("undoes the source's scaling and display range", async () => {
    const bytes = changed((view) => {
      view.setFloat32(112, 0.5, true);
      view.setFloat32(124, 1000, true);
    });
    const { written, differing } = await expectOverSource(await readNifti(bytes, gzip, "x"), labels);
    expect(differing.length).toBeGreaterThan(0);
    expect(new DataView(written.buffer, written.byteOffset).getFloat32(124, true)).toBe(0);
  });

  test("keeps extensions", async () => {
    const source = await readNifti(files["with an extension"], gzip, "x");
    const { written } = await expectOverSource(source, labels);
    expect(new TextDecoder().decode(written.subarray(352, source.header.length))).toContain("made by a scanner");
  });

  test("refuses labels of another size", async () => {
    const source = await readNifti(files["scaled"], gzip, "x");
    await expect(writeNiftiLabels(labels.subarray(1), source, gzip)).rejects.toThrow(
      /11 labels for a source of 12 voxels/,
    );
  });
});

describe("writeNiftiVolume", () => {
  const volumeOf = (affine: Affine) => ({
    grid: { size: [3, 2, 2] as Vec3, spacing: columnNorms(linearPart(affine)), affine },
    data: Float32Array.from({ length: 12 }, (_, i) => i - 5),
  });

  test.each(reference.geometry)(
    "$name: q-form as nibabel derives it, and the s-form back",
    async ({ affine, qform }) => {
      const bytes = await gzip.inflate(await writeNiftiVolume(volumeOf(affine), gzip));
      const image = await readNifti(bytes, gzip, "x");
      expect(image.grid.affine).toEqual(near(affine));
      expect(image.data).toEqual(volumeOf(affine).data);
      const withoutSform = bytes.slice();
      new DataView(withoutSform.buffer).setInt16(254, 0, true);
      expect((await readNifti(withoutSform, gzip, "x")).grid.affine).toEqual(near(qform));
    },
  );

  test.each([
    { datatype: "uint8", bytes: 1 },
    { datatype: "int16", bytes: 2 },
    { datatype: "float32", bytes: 4 },
  ] as const)("as $datatype", async ({ datatype, bytes }) => {
    const volume = {
      ...volumeOf(reference.geometry[0].affine),
      data: Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
    };
    const written = await gzip.inflate(await writeNiftiVolume(volume, gzip, datatype));
    expect(written.length).toBe(352 + 12 * bytes);
    expect(await readNiftiLabels(written, gzip, "x")).toEqual(volume);
  });

  test("refuses values that the type cannot hold", async () => {
    const volume = { ...volumeOf(reference.geometry[0].affine), data: new Float32Array(12).fill(0.5) };
    await expect(writeNiftiVolume(volume, gzip, "int16")).rejects.toThrow(/int16 cannot hold 0.5/);
  });
});

test("writeNiftiStack: several volumes of one grid come back in their order", async () => {
  const grid = { size: [2, 1, 2] as Vec3, spacing: [1, 2, 3] as Vec3, affine: [-1, 0, 0, 5, 0, -2, 0, 6, 0, 0, 3, 7] };
  const volumes = [Float32Array.of(0.25, 0.5, 0.75, 1), Float32Array.of(4, 3, 2, 1)];
  const read = await readNiftiStack(await writeNiftiStack(volumes, grid, gzip), gzip, "x");
  expect(read.map(({ data }) => data)).toEqual(volumes);
  for (const image of read) expect(image.grid).toEqual(grid);
});

const real = new URL("../../../shared/data/", import.meta.url);
const realFiles = [
  "brats/BraTS2021_01481/BraTS2021_01481_flair.nii.gz",
  "brats/Brats18_CBICA_AQO_1/Brats18_CBICA_AQO_1_t1ce.nii.gz",
  "hippocampus/imagesTr/hippocampus_314.nii.gz",
];

describe.skipIf(!existsSync(real))("real files (skipped where shared/data is absent)", () => {
  test.each(realFiles)("%s: labels lie over it", async (path) => {
    const source = await readNifti(readFileSync(new URL(path, real)), gzip, path);
    const labels = new Uint8Array(source.data.length);
    for (let i = 0; i < labels.length; i++) labels[i] = source.data[i] !== 0 ? 1 + (i % 4) : 0;
    await expectOverSource(source, labels);
  });
});
