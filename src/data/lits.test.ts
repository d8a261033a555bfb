import { describe, expect, test } from "vitest";
import { nodeGzip as gzip } from "../node/gzip.ts";
import { compactCase } from "./compact.ts";
import { ctPhantom, writeCtPhantoms } from "./ct-phantom.ts";
import { makeCtPhantom } from "./ct-phantom-volume.ts";
import { lits } from "./lits.ts";
import { findCases, loadCase } from "./load.ts";
import { prepareCase } from "./prepare.ts";

describe("recognises LiTS naming", () => {
  test.each([
    ["one folder", "volume-12.nii", "segmentation-12.nii"],
    ["compressed", "Training Batch 1/volume-12.nii.gz", "Training Batch 1/segmentation-12.nii.gz"],
    ["folders of their own", "volume_pt1/volume-12.nii", "segmentations/segmentation-12.nii"],
    ["as results are called", "volume-12.nii", "volume-12_seg.nii.gz"],
  ])("%s", (_, volume, segmentation) => {
    expect(lits.recognise([segmentation, volume, "readme.txt", "._volume-12.nii"])).toEqual([
      { id: "volume-12", channels: { ct: volume }, truth: segmentation, labels: [0, 1, 2] },
    ]);
  });

  test("test volumes have no truth, and a segmentation never joins another volume", () => {
    const cases = lits.recognise(["test-volume-3.nii", "volume-1.nii", "segmentation-2.nii"]);
    expect(cases.map(({ id, truth, problem }) => [id, truth, problem?.includes("missing: ct")])).toEqual([
      ["test-volume-3", undefined, undefined],
      ["volume-1", undefined, undefined],
      ["volume-2", "segmentation-2.nii", true],
    ]);
  });
});

const size = [32, 32, 16] as const;

test("the phantom: HU of air, body, liver and lesion; lesions lie in the liver; the seed decides", () => {
  const { ct, truth } = makeCtPhantom({ seed: 1, size });
  const mean = (label: number) => {
    const values = ct.data.filter((_, i) => truth.data[i] === label);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  expect(ct.data.every(Number.isInteger)).toBe(true);
  expect(mean(1)).toBeCloseTo(110, -1);
  expect(mean(2)).toBeCloseTo(30, -1);
  expect(ct.data[0]).toBeLessThan(-900);
  const neighbours = (i: number) => [i - 1, i + 1, i - 32, i + 32].map((j) => truth.data[j]);
  const inLiver = [...truth.data.keys()].filter((i) => truth.data[i] === 2).flatMap(neighbours);
  expect(inLiver.filter((label) => label === 0).length / inLiver.length).toBeLessThan(0.1);
  expect(truth.data.subarray(0, 32 * 32).every((label) => label === 0)).toBe(true); // the lowest slice shows no liver
  expect(makeCtPhantom({ seed: 1, size })).toEqual({ ct, truth });
  expect(makeCtPhantom({ seed: 2, size }).truth).not.toEqual(truth);
});

test("a written case is read, its window in units of 100 HU at the source's own spacing, and restored", async () => {
  const files = new Map<string, Uint8Array>();
  const list = async () => [...files.keys()];
  const folder = {
    ...{ name: "memory", list },
    read: async (path: string) => files.get(path)!,
    write: async (path: string, bytes: Uint8Array) => void files.set(path, bytes),
  };
  expect(await writeCtPhantoms(folder, gzip, { cases: 2, seed: 4, size })).toEqual(["volume-0", "volume-1"]);
  const cases = await findCases(ctPhantom, folder);
  expect(cases.map(({ id, problem }) => [id, problem])).toEqual([
    ["volume-0", undefined],
    ["volume-1", undefined],
  ]);
  const raw = await loadCase(cases[0]!, folder, { dataset: ctPhantom, gzip, truth: true });
  const expected = raw.channels[0]!.map((hu) => Math.min(4.5, Math.max(0, (hu + 200) / 100)));
  const prepared = prepareCase(raw, ctPhantom);
  expect(prepared.channels[0]!.every((value, i) => Math.abs(value - expected[i]!) < 1e-6)).toBe(true);
  expect(prepared.restore(prepared.truth!).data).toEqual(raw.truth);
  // Air is 0, so that a prepared case keeps the body alone.
  expect(compactCase(prepared).box.size[1]).toBeLessThan(28);
  const source = { ...raw.source, grid: { ...raw.source.grid, spacing: [0.7, 0.7, 5] as const } };
  expect(prepareCase({ ...raw, source }, ctPhantom).size).toEqual(size);
});
