import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../../test/run-program.ts";
import { makeBratsGrid } from "../../data/phantom-volume.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Vec3 } from "../../volume/grid.ts";
import { writeNiftiVolume } from "../../volume/nifti.ts";
import { enclosableRegions, nestedRegions } from "../postprocess/search.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "postprocess-test-"));
  // A: an island of one voxel. B: one enhancing voxel that is not there.
  await put("truth/A/A_seg.nii.gz", "44000 22000");
  await put("pred/A_seg.nii.gz", "44002 22000");
  await put("truth/B/B_seg.nii.gz", "11000 22000");
  await put("pred/B_seg.nii.gz", "41000 22000");
});
afterAll(() => rm(root, { recursive: true }));

async function put(path: string, rows: string, size: Vec3 = [5, 2, 1]) {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  const map = { grid: makeBratsGrid(size), data: Uint8Array.from(rows.replace(" ", ""), Number) };
  await writeFile(file, await writeNiftiVolume(map, nodeGzip, "uint8"));
}

const run = (...flags: string[]) =>
  runProgram(["postprocess", "--truth", join(root, "truth"), "--pred", join(root, "pred"), ...flags]);

test("every pair of thresholds is measured, the best is the one that mends both", async () => {
  const { code, stdout } = await run("--components", "2,9", "--below", "2", "--json");
  expect(code).toBe(0);
  const { rows, best, becomes, cases } = JSON.parse(stdout);
  expect({ becomes, cases }).toEqual({ becomes: { ET: 1 }, cases: 2 });
  const dice = rows.map((row: { minComponent: number; below: number; dice: Record<string, number> }) => [
    ...[row.minComponent, row.below, row.dice["ET"], row.dice["TC"], row.dice["WT"]],
  ]);
  // WT of A: 2 * 4 / (5 + 4) with the island. ET of B: 0 with the voxel, 1 without. At 9 the largest part stays.
  expect(dice).toEqual([
    [0, 0, 0.5, 1, (8 / 9 + 1) / 2],
    [0, 2, 1, 1, (8 / 9 + 1) / 2],
    [2, 0, 0.5, 1, 1],
    [2, 2, 1, 1, 1],
    [9, 0, 0.5, 1, 1],
    [9, 2, 1, 1, 1],
  ]);
  expect(best.dice).toMatchObject({ minComponent: 2, below: 2, mean: { dice: 1, hd95: 0 } });
  expect(best.hd95).toEqual(best.dice);
});

test("as text it says what to give to train", async () => {
  const { stdout } = await run("--components", "2", "--below", "2");
  expect(stdout).toContain("means over 2 cases; below: ET becomes label 1");
  expect(stdout).toContain(
    "best mean Dice: 1.0000, 0.00 mm with --set postprocess.minComponent=2 --set postprocess.minRegion.ET.below=2",
  );
});

describe("enclosing", () => {
  // C: a core of two voxels in a rim is taken for oedema (2), and oedema beside it for necrosis (1).
  beforeAll(async () => {
    await put("rim/truth/C/C_seg.nii.gz", "44444442222 41114442222 44444442222".replaceAll(" ", ""), [11, 3, 1]);
    await put("rim/pred/C_seg.nii.gz", "44444442222 42214442212 44444442222".replaceAll(" ", ""), [11, 3, 1]);
  });
  const enclose = (...flags: string[]) => {
    const [truth, pred] = [join(root, "rim/truth"), join(root, "rim/pred")];
    return runProgram(["postprocess", "--truth", truth, "--pred", pred, ...flags]);
  };

  test("every radius at every share, none first", async () => {
    const { code, stdout } = await enclose("--enclose", "1", "--share", "0.2,0.9", "--json");
    expect(code).toBe(0);
    const { rows, best, rules } = JSON.parse(stdout);
    expect(rules).toEqual({ TC: { by: "ET", inside: 1, outside: 2 } });
    const found = rows.map(({ share, radius, dice }: { share: number; radius: number; dice: { TC: number } }) => [
      ...[share, radius, dice.TC],
    ]);
    // 20 voxels of 21 are found beside one that is none; two of them are missing.
    const before = (2 * 19) / (20 + 21);
    expect(found).toEqual([
      [0, 0, before],
      [0.2, 1, 1],
      [0.9, 1, before],
    ]);
    expect(best.dice).toMatchObject({ region: "TC", share: 0.2, radius: 1, mean: { dice: 1 } });
  });

  test("as text it says what to give to train", async () => {
    const { stdout } = await enclose("--enclose", "1", "--share", "0.2");
    const rule = '{"TC":{"by":"ET","inside":1,"outside":2,"share":0.2,"radius":1}}';
    expect(stdout).toContain(`1.0000, 0.00 mm with --set postprocess.encloseRegion=${rule}`);
  });

  test.each([
    [["--share", "2", "--enclose", "1"], "--share <list>: must be numbers from 0 to 1 such as 0,0.05,0.1"],
    [["--enclose", "few"], "--enclose <list>: must be whole numbers of voxels such as 0,50,200"],
    [
      ["--enclose", "1", "--dataset", "lits"],
      "--enclose needs a region with one in it and one around it; lits has none",
    ],
  ])("%j is one clear line", async (flags, message) => {
    const { code, stderr } = await enclose(...flags);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

test("a list that is none is one clear line", async () => {
  const { code, stderr } = await run("--components", "few");
  expect(code).toBe(2);
  expect(stderr).toContain("--components <list>: must be whole numbers of voxels such as 0,50,200");
});

test.each([
  [{ ET: [4], TC: [1, 4], WT: [1, 2, 4] }, { TC: { by: "ET", inside: 1, outside: 2 } }],
  [{ liver: [1, 2], lesion: [2] }, {}],
  [{ anterior: [1], posterior: [2] }, {}],
])("regions that can be what another one encloses: %j", (regions, expected) => {
  expect(enclosableRegions(regions)).toEqual(expected);
});

describe("regions that can become another", () => {
  test.each([
    [{ ET: [4], TC: [1, 4], WT: [1, 2, 4] }, { ET: 1 }],
    [{ liver: [1, 2], lesion: [2] }, { lesion: 1 }],
    [{ anterior: [1], posterior: [2] }, {}],
  ])("%j: %j", (regions, expected) => {
    expect(nestedRegions(regions)).toEqual(expected);
  });
});
