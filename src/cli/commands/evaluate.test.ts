import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../../test/run-program.ts";
import { makeBratsGrid } from "../../data/phantom-volume.ts";
import { nodeGzip } from "../../node/gzip.ts";
import { writeNiftiVolume } from "../../volume/nifti.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "evaluate-test-"));
});
afterEach(() => rm(root, { recursive: true }));

const at = (path: string) => join(root, path);

/** A label map of 2 x 2 x 1 voxels. */
async function put(path: string, labels: readonly number[], size: readonly [number, number, number] = [2, 2, 1]) {
  await mkdir(dirname(at(path)), { recursive: true });
  const map = { grid: makeBratsGrid(size), data: Uint8Array.from(labels) };
  await writeFile(at(path), await writeNiftiVolume(map, nodeGzip, "uint8"));
}

const evaluate = (...flags: string[]) =>
  runProgram(["evaluate", "--truth", at("truth"), "--pred", at("pred"), ...flags]);

test("Dice by hand, of files beside case folders; a truth without prediction is left out", async () => {
  await put("truth/A/A_seg.nii.gz", [4, 1, 2, 0]);
  await put("truth/B/B_seg.nii.gz", [0, 0, 0, 0]);
  await put("truth/C/C_seg.nii.gz", [0, 0, 0, 0]);
  await put("pred/A_seg.nii.gz", [4, 4, 0, 0]);
  await put("pred/B_seg.nii.gz", [0, 0, 0, 0]);
  const { code, stdout } = await evaluate("--json");
  expect(code).toBe(0);
  const { cases, summary } = JSON.parse(stdout);
  expect(cases.map((one: { id: string }) => one.id)).toEqual(["A", "B"]);
  // ET: 2 * 1 / (2 + 1); TC: 2 * 2 / (2 + 2); WT: 2 * 2 / (2 + 3). Both empty: 1.
  expect(cases[0].regions.ET.dice).toBeCloseTo(2 / 3, 9);
  expect(cases[0].regions.TC.dice).toBeCloseTo(1, 9);
  expect(cases[0].regions.WT.dice).toBeCloseTo(0.8, 9);
  expect(summary.WT.dice.mean).toBeCloseTo(0.9, 9);
});

test("enhancing tumour written as 3 is the same as 4", async () => {
  await put("truth/BraTS-GLI-1-seg.nii.gz", [3, 1, 2, 0]);
  await put("pred/BraTS-GLI-1_seg.nii.gz", [4, 1, 2, 0]);
  const { stdout } = await evaluate("--json");
  expect(JSON.parse(stdout).cases[0].regions.ET.dice).toBe(1);
});

test("LiTS: the Dice of all voxels of all cases beside the mean over cases", async () => {
  await put("truth/segmentation-1.nii.gz", [1, 1, 1, 2]);
  await put("truth/segmentation-2.nii.gz", [0, 0, 0, 2]);
  await put("pred/volume-1_seg.nii.gz", [1, 1, 1, 2]);
  await put("pred/volume-2_seg.nii.gz", [2, 2, 0, 0]);
  const { stdout } = await evaluate("--dataset", "lits", "--json");
  const { summary, globalDice } = JSON.parse(stdout);
  expect([summary.liver.dice.mean, summary.lesion.dice.mean]).toEqual([0.5, 0.5]);
  // liver: 2 * 4 / (4 + 4 + 2 + 1); lesion: 2 * 1 / (1 + 1 + 2 + 1)
  expect(globalDice).toEqual({ liver: 8 / 11, lesion: 2 / 5 });
  const { stdout: text } = await evaluate("--dataset", "lits");
  expect(text).toMatch(/^global +0\.7273 +0\.4000$/m);
  expect(text.match(/global/g)).toHaveLength(1);
});

describe("a data set in Decathlon format", () => {
  const balls = { modality: { "0": "MRI" }, labels: { "0": "background", "1": "bright", "7": "dark" } };
  beforeEach(async () => {
    await put("truth/labelsTr/ball_1.nii.gz", [1, 7, 0, 0]);
    await put("pred/ball_1_seg.nii.gz", [1, 1, 0, 0]);
    await writeFile(at("truth/dataset.json"), JSON.stringify(balls));
  });
  const dice = (stdout: string) => JSON.parse(stdout).cases[0].regions;

  test.each([
    ["its folder", "truth"],
    ["its labels alone", "truth/labelsTr"],
  ])("truth is %s", async (_, truth) => {
    const { code, stdout } = await evaluate("--truth", at(truth), "--dataset", "decathlon", "--json");
    expect(code).toBe(0);
    expect(dice(stdout)).toMatchObject({ bright: { dice: 2 / 3 }, dark: { dice: 0 } });
  });

  test("predictions under plain names", async () => {
    await rm(at("pred/ball_1_seg.nii.gz"));
    await put("pred/ball_1.nii.gz", [1, 7, 0, 0]);
    const { stdout } = await evaluate("--truth", at("truth/labelsTr"), "--dataset", "decathlon", "--json");
    expect(dice(stdout)).toMatchObject({ bright: { dice: 1 }, dark: { dice: 1 } });
  });

  test("without its file: one line", async () => {
    await rm(at("truth/dataset.json"));
    const { code, stderr } = await evaluate("--dataset", "decathlon");
    expect([code, stderr.trim().split("\n").length]).toEqual([2, 1]);
    expect(stderr).toContain("must hold dataset.json");
  });
});

test.each([
  ["--md", "| case | ET | TC | WT |"],
  ["--csv", "case,ET dice,ET hd95"],
  [undefined, "Dice, higher is better\ncase"],
])("%s prints %s", async (flag, text) => {
  await put("truth/A_seg.nii.gz", [4, 1, 2, 0]);
  await put("pred/A_seg.nii.gz", [4, 1, 2, 0]);
  const { stdout } = await evaluate(...(flag ? [flag] : []));
  expect(stdout).toContain(text);
});

test("one bad case is told, the others are measured, the exit code is 2", async () => {
  await put("truth/A_seg.nii.gz", [4, 1, 2, 0]);
  await put("truth/B_seg.nii.gz", [4, 1, 2, 0]);
  await put("pred/A_seg.nii.gz", [4, 1, 2, 0]);
  await put("pred/B_seg.nii.gz", [4, 1], [2, 1, 1]);
  const { code, stdout, stderr } = await evaluate("--csv");
  expect(code).toBe(2);
  expect(stdout).toContain("A,1,0");
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^case "B": prediction and truth must have the same size/),
    "error: 1 of 2 cases failed: B",
  ]);
});

describe("bad input: exit 2 and one line", () => {
  const A = () => Promise.all([put("truth/A_seg.nii.gz", [4, 1, 2, 0]), put("pred/A_seg.nii.gz", [4, 1, 2, 0])]);
  test.each<[string, string[], () => Promise<unknown>, string]>([
    ["no folder", [], async () => {}, "there is no such file or folder"],
    ["no label map", [], () => A().then(() => rm(at("pred/A_seg.nii.gz"))), "must hold label maps"],
    ["a prediction without truth", [], () => A().then(() => put("pred/B_seg.nii.gz", [0, 0, 0, 0])), 'case "B"'],
    [
      "two label maps of a case",
      [],
      () => A().then(() => put("pred/x/A_seg.nii.gz", [0, 0, 0, 0])),
      "must have one label map",
    ],
    ["a label of no class", [], () => A().then(() => put("pred/A_seg.nii.gz", [9, 0, 0, 0])), "found 0, 9"],
    ["a truncated file", [], () => A().then(cut), "the gzip file must be whole"],
    ["an unknown data set", ["--dataset", "teeth"], A, 'data set "teeth" is not known; known are: brats'],
    ["two formats", ["--md", "--csv"], A, "choose one of --json, --csv, --md"],
  ])("%s", async (_, flags, prepare, message) => {
    await prepare();
    const { code, stderr, stdout } = await evaluate(...flags);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
  });
  const cut = async () => writeFile(at("pred/A_seg.nii.gz"), (await readFile(at("pred/A_seg.nii.gz"))).subarray(0, 60));
});
