import { describe, expect, test } from "vitest";
import { UserError } from "../error.ts";
import { nodeGzip as gzip } from "../node/gzip.ts";
import type { Folder } from "../platform.ts";
import { deriveSeed } from "../random.ts";
import type { Grid, Volume } from "../volume/grid.ts";
import { writeNiftiVolume } from "../volume/nifti.ts";
import { brats } from "./brats.ts";
import { findCases, loadCase } from "./load.ts";
import { phantom, writePhantoms } from "./phantom.ts";
import { makePhantom } from "./phantom-volume.ts";

const grid: Grid = { size: [2, 2, 1], spacing: [1, 1, 1], affine: [-1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 1, 0] };

function memoryFolder(files = new Map<string, Uint8Array>()): Folder {
  return {
    name: "memory",
    list: async () => [...files.keys()],
    read: async (path) => files.get(path) as Uint8Array,
    write: async (path, bytes) => void files.set(path, bytes),
  };
}

/** A case of 2x2x1 voxels; `changes` replaces or adds files, a role of null leaves one out. */
async function makeFolder(changes: Record<string, Partial<Volume> | null>, ending = "") {
  const folder = memoryFolder();
  const roles = { flair: {}, t1ce: {}, t1: {}, t2: {}, ...changes };
  for (const [role, change] of Object.entries(roles)) {
    if (change === null) continue;
    const volume = { grid, data: Float32Array.of(0, 1, 2, 3), ...change };
    await folder.write(`a_${role}${ending}.nii.gz`, await writeNiftiVolume(volume, gzip));
  }
  return folder;
}

async function load(folder: Folder, truth = true) {
  const [files] = await findCases(brats, folder);
  return loadCase(files, folder, { dataset: brats, gzip, truth });
}

const seg = (...data: number[]) => ({ seg: { data: Float32Array.from(data) } });

test("channels in the data set's order, the truth as it is, the brain mask", async () => {
  const raw = await load(await makeFolder({ t1ce: { data: Float32Array.of(0, 5, 6, 7) }, ...seg(0, 1, 2, 4) }));
  expect(raw.channels.map((channel) => channel[1])).toEqual([1, 5, 1, 1]);
  expect([...raw.truth!]).toEqual([0, 1, 2, 4]);
  expect([...raw.mask]).toEqual([0, 1, 1, 1]);
  expect(raw.source.grid).toEqual(grid);
});

describe("labels of the source", () => {
  test.each([
    ["older naming, 4", seg(0, 1, 2, 4), [0, 1, 2, 4]],
    ["older naming, truth says 3", seg(0, 0, 2, 3), [0, 1, 2, 3]],
    ["older naming, truth says neither", seg(0, 0, 2, 1), [0, 1, 2, 4]],
    ["older naming, no truth", {}, [0, 1, 2, 4]],
    ["2023 naming, 3", { ...seg(0, 1, 2, 3), flair: null, t2f: {} }, [0, 1, 2, 3]],
    ["2023 naming, truth says neither", { ...seg(0, 0, 0, 1), flair: null, t2f: {} }, [0, 1, 2, 3]],
    ["2023 naming, truth says 4", { ...seg(0, 0, 0, 4), flair: null, t2f: {} }, [0, 1, 2, 4]],
    ["2023 naming, no truth", { flair: null, t2f: {} }, [0, 1, 2, 3]],
  ])("%s", async (_, changes, labels) => expect((await load(await makeFolder(changes))).labels).toEqual(labels));
});

describe("refuses with one clear line", () => {
  const moved = (x: number): Partial<Volume> => ({
    grid: { ...grid, affine: grid.affine.map((v, i) => (i === 3 ? x : v)) },
  });
  const larger: Partial<Volume> = { grid: { ...grid, size: [2, 2, 2] }, data: new Float32Array(8) };
  test.each([
    ["a missing channel", { t2: null }, /case "a": .* missing: t2; found: a_flair.nii.gz/],
    ["another size", { t1: larger }, /same size: a_flair.nii.gz has 2x2x1, a_t1.nii.gz has 2x2x2/],
    [
      "another affine",
      { t1: moved(0.2) },
      /same affine: a_flair.nii.gz has \[-1, 0, 0, 0, .* a_t1.nii.gz has \[-1, 0, 0, 0.2/,
    ],
    ["a truth elsewhere", { seg: { ...moved(7), data: new Float32Array(4) } }, /same affine: .* a_seg.nii.gz/],
    ["unknown labels", seg(0, 1, 5, 4), /a_seg.nii.gz: labels .* must be 0, 1, 2, 4 or 0, 1, 2, 3; found 0, 1, 4, 5/],
    ["labels of two conventions", seg(0, 1, 3, 4), /found 0, 1, 3, 4/],
    [
      "an empty brain",
      Object.fromEntries(brats.channels.map((name) => [name, { data: new Float32Array(4) }])),
      /case "a": the brain .* must not be empty/,
    ],
  ])("%s", async (_, changes, message) => {
    const attempt = load(await makeFolder(changes));
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(UserError);
  });

  test("a folder without cases", async () => {
    await expect(findCases(brats, memoryFolder())).rejects.toThrow(/memory: .* found none/);
  });
});

test("rounding in the affine is no difference, and a truth that is not asked for is not read", async () => {
  const folder = await makeFolder({
    t1: { grid: { ...grid, affine: grid.affine.map((v) => v + 1e-4) } },
    ...seg(9, 9, 9, 9),
  });
  expect((await load(folder, false)).truth).toBeUndefined();
});

test("a written phantom data set is found and read back exactly", async () => {
  const folder = memoryFolder();
  const size = [16, 16, 8] as const;
  expect(await writePhantoms(folder, gzip, { cases: 2, seed: 4, size })).toEqual(["phantom_001", "phantom_002"]);
  const cases = await findCases(phantom, folder);
  expect(cases.map(({ id, problem }) => [id, problem])).toEqual([
    ["phantom_001", undefined],
    ["phantom_002", undefined],
  ]);
  const raw = await loadCase(cases[1], folder, { dataset: phantom, gzip, truth: true });
  const { channels, truth } = makePhantom({ seed: deriveSeed(4, 1), size });
  expect(raw.channels).toEqual(channels.map(({ data }) => data));
  expect(raw.truth).toEqual(truth.data);
  expect(raw.source.grid).toEqual(truth.grid);
});
