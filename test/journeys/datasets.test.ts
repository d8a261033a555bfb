/** Data sets other than BraTS through the whole chain by its commands: train, segment what has no truth too, evaluate. */
import { copyFile, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFolder } from "../../src/node/index.ts";
import { writeBalls } from "../decathlon-folder.ts";
import { runProgram } from "../run-program.ts";

const run = (...args: string[]) => runProgram(args);
const setting = (...settings: string[]) => settings.flatMap((one) => ["--set", one]);
/** A copy of the results without the test image's. */
async function labelled(results: string): Promise<string> {
  const folder = await newFolder();
  for (const name of await readdir(results))
    if (name.endsWith(".nii.gz") && !name.startsWith("ball_test"))
      await copyFile(join(results, name), join(folder, name));
  return folder;
}
const newFolder = () => mkdtemp(join(tmpdir(), "med-danet-datasets-"));

const tinyBank = [4, 6].map((base, i) => ({ id: `M${i + 1}`, network: "unet2d", config: { base }, trainedShare: 1 }));

test("Decathlon format: a plan, a bank, label maps of test images, metrics of each label", async () => {
  const root = await newFolder();
  const [data, out, results] = ["data", "run", "results"].map((name) => join(root, name)) as [string, string, string];
  await writeBalls(openFolder(data), { cases: 5, size: [20, 28, 12] });
  const trained = await run(
    ...["train", "--recipe", "decathlon", "--data", data, "--out", out, "--fold", "2/5"],
    ...setting(`candidates=${JSON.stringify(tinyBank)}`, "decisionTraining.classWeights=[0.9,1,1.1]"),
    ...setting("bank.epochs=2", "bank.stepsPerEpoch=20", "bank.batch=4", "bank.learningRate=0.005"),
    ...setting("decisionTraining.epochs=1", "decisionTraining.stepsPerEpoch=20", "decisionTraining.batch=16"),
  );
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stderr).toMatch(/labels +0 background, 1 bright, 2 dark\n/);
  expect(trained.stderr).toMatch(/slices +32x32, axes RAS, spacing 1 x 1 x own mm\n/);
  const bank = JSON.parse(await readFile(join(out, "bank", "bank.json"), "utf8"));
  expect(bank).toMatchObject({
    ...{ dataset: "decathlon", channels: ["MRI"], labels: [0, 1, 2], regions: { bright: [1], dark: [2] } },
    normalization: [{ kind: "zscore", over: "all" }],
    frame: { orientation: "RAS", spacing: [1, 1, null], sliceSize: [32, 32] },
    ...{ setting: "full", inputSize: [32, 32] },
  });
  expect(bank.trainingCases).toHaveLength(4);

  const bankFolder = join(out, "bank");
  const fresh = join(root, "fresh");
  expect(await run("segment", data, "--bank", bankFolder, "--out", fresh, "--unseen")).toMatchObject({ code: 0 });
  const ids = [
    ...bank.trainingCases,
    ...(await readdir(fresh)).flatMap((name) => /(.*)_seg\.nii/.exec(name)?.[1] ?? []),
  ];
  expect(ids.sort()).toEqual([...Array(5).keys(), "test"].map((k) => `ball_${String(k).padStart(3, "0")}`).sort());
  expect(await run("segment", data, "--bank", bankFolder, "--out", results, "--policy", "M2")).toMatchObject({
    code: 0,
  });
  const maps = (await readdir(results)).filter((name) => name.endsWith(".nii.gz"));
  expect(maps).toHaveLength(6);
  expect(maps).toContain("ball_test_seg.nii.gz");

  const measured = await run(
    "evaluate",
    "--truth",
    data,
    "--pred",
    await labelled(results),
    "--bank",
    bankFolder,
    "--json",
  );
  const { summary } = JSON.parse(measured.stdout);
  expect(summary.bright.dice.n).toBe(5);
  expect(summary.bright.dice.mean).toBeGreaterThan(0.6);
  expect(summary.dark.dice.mean).toBeGreaterThan(0.6);
  const unknown = await run("evaluate", "--truth", data, "--pred", results, "--bank", bankFolder, "--json");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('case "ball_test"') });
});

test("CT: phantoms written, learned, segmented, and the liver found, per case and over all cases", async () => {
  const root = await newFolder();
  const [data, out, results] = ["data", "run", "results"].map((name) => join(root, name)) as [string, string, string];
  expect(await run("phantom", "--dataset", "ct-phantom", "--out", data, "--cases", "5")).toMatchObject({ code: 0 });
  const short = setting("bank.epochs=2", "decisionTraining.epochs=1", "bank.validateEvery=9");
  const trained = await run("train", "--recipe", "ct-phantom", "--data", data, "--out", out, ...short);
  expect(trained).toMatchObject({ code: 0 });
  const bank = join(out, "bank");
  expect(await run("segment", data, "--bank", bank, "--out", results, "--policy", "M1")).toMatchObject({ code: 0 });
  const measured = await run("evaluate", "--truth", data, "--pred", results, "--dataset", "lits", "--json");
  const { summary, globalDice } = JSON.parse(measured.stdout);
  expect(summary.liver.dice.n).toBe(5);
  expect(summary.liver.dice.mean).toBeGreaterThan(0.5);
  expect(globalDice.liver).toBeGreaterThan(0.5);
});
