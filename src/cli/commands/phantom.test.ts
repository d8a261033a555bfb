import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../../test/run-program.ts";

const run = (...args: string[]) => runProgram(["phantom", ...args]);

test("writes cases that the other commands read, and leaves a folder that holds files alone", async () => {
  const out = join(await mkdtemp(join(tmpdir(), "med-danet-phantom-")), "cases");
  expect(await run("--out", out, "--cases", "2", "--size", "16x16x4")).toMatchObject({ code: 0, stderr: "" });
  expect((await readdir(out)).sort()).toEqual(["phantom_001", "phantom_002"]);
  expect((await readdir(join(out, "phantom_001"))).sort()).toEqual(
    ["flair", "seg", "t1", "t1ce", "t2"].map((name) => `phantom_001_${name}.nii.gz`),
  );
  expect(await run("--out", out)).toMatchObject({ code: 2, stderr: expect.stringContaining("must be empty") });
});

test("CT phantoms in LiTS naming; an unknown kind is told", async () => {
  const out = join(await mkdtemp(join(tmpdir(), "med-danet-phantom-")), "cases");
  expect(await run("--out", out, "--cases", "1", "--size", "16x16x4", "--dataset", "ct-phantom")).toMatchObject({
    code: 0,
  });
  expect((await readdir(out)).sort()).toEqual(["segmentation-0.nii.gz", "volume-0.nii.gz"]);
  const unknown = await run("--out", out, "--dataset", "teeth");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("known are: phantom, ct-phantom") });
});

test("a size that is none", async () => {
  expect(await run("--out", "x", "--size", "big")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("32x32x16"),
  });
});
