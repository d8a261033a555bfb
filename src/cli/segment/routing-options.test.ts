import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { handmadeBank, makeCandidate, makeDecision } from "../../../test/handmade-bank.ts";
import { runProgram } from "../../../test/run-program.ts";
import { writeBank } from "../../danet/bank.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { openFolder } from "../../node/folder.ts";
import { nodeGzip } from "../../node/gzip.ts";
import { readNiftiLabels, readNiftiStack } from "../../volume/nifti.ts";

/** The decision network is sure of label 1; M2 is worth 0.2 more of Dice than M1 there, and costs twice as much. */
const expectedDice = [
  [1, 0.5, 0.5],
  [0, 0.6, 0.8],
  [0, 0.6, 0.8],
];
const postprocess = { minComponent: 0, encloseRegion: {}, minRegion: { WT: { below: 1e6, becomes: 0 } } };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "routing-options-"));
  await writePhantoms(openFolder(join(root, "cases")), nodeGzip, { cases: 2, seed: 3, size: [32, 32, 4] });
  const models = {
    "M1.onnx": makeCandidate(1),
    "M2.onnx": makeCandidate(-9),
    "decision.onnx": makeDecision([-30, 30, -30]),
  };
  await writeBank(openFolder(join(root, "plain")), handmadeBank, models);
  await writeBank(openFolder(join(root, "bank")), { ...handmadeBank, expectedDice, postprocess }, models);
});
afterAll(() => rm(root, { recursive: true }));

function segment(line: string) {
  const args = line.split(" ").map((word) => (word.startsWith("@") ? join(root, word.slice(1)) : word));
  return runProgram(["segment", ...args, "--threads", "1"]);
}
const ONE = "@cases/phantom_001 --bank @bank --force";
const report = async (line: string) => JSON.parse((await segment(`${line} --json`)).stdout).cases[0];
const readLabels = async (out: string) =>
  (await readNiftiLabels(await readFile(join(root, out, "phantom_001_seg.nii.gz")), nodeGzip, out)).data;

describe("--effort and --budget", () => {
  // 16 windows of 1000 or 2000 operations, 16 or fewer decisions of 10.
  test.each([
    ["--effort 1", { skip: 0, M1: 0, M2: 1 }],
    ["--effort 0", { skip: 0, M1: 1, M2: 0 }],
    ["--budget 0.0000322", { skip: 0, M1: 0, M2: 1 }],
    ["--budget 0.000017", { skip: 0, M1: 1, M2: 0 }],
    ["--budget 0.000002", { skip: 1, M1: 0, M2: 0 }],
  ])("%s gives %j", async (option, activation) => {
    const found = await report(`${ONE} --out @out ${option}`);
    expect(found.activation).toEqual(activation);
    expect(found.curve.here.cost).toBeCloseTo(found.flops.withDecision.paper / 1e9, 15);
    const kept = JSON.parse(await readFile(join(root, "out", "phantom_001.json"), "utf8"));
    expect(kept.curve).toEqual(found.curve);
  });

  test("without them the decision network decides, and the curve says what else there is", async () => {
    const { activation, curve } = await report(`${ONE} --out @out`);
    expect(activation).toEqual({ skip: 0, M1: 1, M2: 0 });
    expect(curve).toMatchObject({ unit: "G", lambda: null, here: { expectedDice: expect.closeTo(0.6, 9) } });
    expect(curve.points.map((point: { expectedDice: number }) => point.expectedDice)).toEqual([
      expect.closeTo(0, 9),
      expect.closeTo(0.6, 9),
      expect.closeTo(0.8, 9),
    ]);
  });

  test("--cost time counts milliseconds, which it tells", async () => {
    const { stdout, stderr } = await segment(`${ONE} --out @out --effort 1 --cost time`);
    expect(stderr).toMatch(/milliseconds a window on .*: M1 [\d.]+, M2 [\d.]+, decision [\d.]+\n/);
    expect(stdout).toMatch(/target {3}[\d.]+ ms, expected Dice of a window 0.8000; lambda 0.00 a ms/);
  });
});

test("post-processing is told, and left out on request", async () => {
  const { stdout } = await segment(`${ONE} --out @cleaned`);
  expect(stdout).toMatch(/cleaned {2}WT \d+ voxels/);
  expect(Math.max(...(await readLabels("cleaned")))).toBe(0);
  const raw = await segment(`${ONE} --out @raw --no-postprocess`);
  expect(raw.stdout).not.toContain("cleaned");
  expect(Math.max(...(await readLabels("raw")))).toBe(2);
});

test("--save-probabilities writes a volume a class on the source's grid, whose argmax is the raw result", async () => {
  const { stdout } = await segment(`${ONE} --out @prob --save-probabilities --no-postprocess`);
  expect(stdout).toContain("phantom_001.png, phantom_001_prob.nii.gz");
  expect((await readdir(join(root, "prob"))).sort()).toContain("phantom_001_prob.nii.gz");
  const stack = await readNiftiStack(await readFile(join(root, "prob", "phantom_001_prob.nii.gz")), nodeGzip, "prob");
  expect(stack).toHaveLength(4);
  const labels = await readLabels("prob");
  const wrong = labels.findIndex((label, i) => {
    const values = stack.map(({ data }) => data[i]!);
    const sum = values.reduce((a, b) => a + b);
    return Math.abs(sum - 1) > 1e-6 || handmadeBank.labels[values.indexOf(Math.max(...values))] !== label;
  });
  expect(wrong).toBe(-1);
});

test("truth that no network saw is told for each case and for all", async () => {
  const line = "@cases --bank @bank --force --out @lost";
  const skipping = await segment(`${line} --budget 0.000002`);
  expect(skipping.stdout).toMatch(/lost {5}tumour voxels in skipped windows only: ET \d+ of \d+ \(100.00 %\)/);
  expect(skipping.stdout).toMatch(
    /\n2 cases with truth: mean Dice ET .* skipped windows only: ET \d+ of \d+ \(100.00 %\)/,
  );
  const { summary, cases } = JSON.parse((await segment(`${line} --effort 1 --json`)).stdout);
  expect(summary.lost.WT).toEqual({ lost: 0, total: cases[0].lost.WT.total + cases[1].lost.WT.total });
});

describe("bad input: exit 2, one line", () => {
  test.each([
    ["both", `${ONE} --effort 1 --budget 3`, "give one, found 3 and 1"],
    ["an effort above 1", `${ONE} --effort 2`, "--effort <share>: Too big"],
    [
      "a bank without expected Dice",
      `${ONE.replace("@bank", "@plain")} --effort 1`,
      'need "expectedDice" in bank.json',
    ],
    ["time without expected Dice", `${ONE.replace("@bank", "@plain")} --cost time`, 'need "expectedDice" in bank.json'],
    ["a forced policy", `${ONE} --effort 1 --policy M1`, "leave out --policy, found M1"],
    ["time of a forced policy", `${ONE} --cost time --policy M1`, "--cost time needs --policy dynamic, found M1"],
    ["a budget below the decisions", `${ONE} --budget 1e-9`, "must cover the decision network"],
  ])("%s", async (_, line, message) => {
    const { code, stderr, stdout } = await segment(`${line} --out @bad`);
    expect(stderr).toContain(message);
    expect({ code, lines: stderr.trimEnd().split("\n").length, stdout }).toEqual({ code: 2, lines: 1, stdout: "" });
  });
});
