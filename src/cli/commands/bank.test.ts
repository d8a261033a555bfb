/** A model that PyTorch wrote (test/reference/make_foreign.py, which printed the numbers below) as a candidate. */
import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { handmadeBank, makeCandidate, makeDecision } from "../../../test/handmade-bank.ts";
import { runProgram } from "../../../test/run-program.ts";
import { readBank, writeBank } from "../../danet/bank.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { openNetworks } from "../../infer/networks.ts";
import { createNodeRuntime, nodeGzip, openFolder } from "../../node/index.ts";

const FOREIGN = "test/reference/foreign.onnx";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "med-danet-bank-"));
  const models = { "M1.onnx": makeCandidate(1), "M2.onnx": makeCandidate(2), "decision.onnx": makeDecision([0, 0, 0]) };
  await writeBank(openFolder(folder), handmadeBank, models);
});

const add = (path: string, ...more: string[]) => run("bank", "add", path, "--bank", folder, ...more);

const run = (...args: string[]) => runProgram(args);

test("counted, in rising cost, with its hash, and run under the names of the bank", async () => {
  const { code, stdout, stderr } = await add(FOREIGN, "--id", "torch");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "torch: 612 parameters, 71680 multiply-adds an input, gives logits\n", // batch norm is part of a convolution
  });
  expect(stderr).toContain("its decision network had no choice for torch and is no longer part of the bank");
  const bank = await readBank(openFolder(folder));
  expect(bank).not.toHaveProperty("decision");
  expect((await openFolder(folder).list()).sort()).toEqual(["M1.onnx", "M2.onnx", "bank.json", "torch.onnx"]);
  expect(bank.candidates.map(({ id }) => id)).toEqual(["M1", "M2", "torch"]);
  const torch = bank.candidates[2]!;
  expect(torch).toMatchObject({ network: "onnx", output: "logits", flops: { macs: 71_680 } });

  const networks = openNetworks(bank, await createNodeRuntime());
  const network = await networks.load(torch);
  const logits = await network(
    Float32Array.from({ length: 4 * 256 }, (_, i) => i / 512 - 1),
    1,
  );
  await networks.release();
  const expected = [0.004317060112953186, -0.11328920722007751, 0.05219535157084465, -0.16961510479450226];
  for (const [k, value] of expected.entries()) expect(logits[k * 256 + 5 * 16 + 7]).toBeCloseTo(value, 5);
});

test("a decision network is trained over it, by the candidates' files, and segments", async () => {
  const [data, out, results] = ["data", "run", "results"].map((name) => join(folder, name)) as [string, string, string];
  await writePhantoms(openFolder(data), nodeGzip, { cases: 2, seed: 1, size: [32, 32, 6] });
  expect(await add(FOREIGN, "--id", "torch")).toMatchObject({ code: 0 });
  const settings = ["epochs=1", "stepsPerEpoch=4", "batch=8"].flatMap((one) => ["--set", `decisionTraining.${one}`]);
  const training = ["train", "--only", "decision", "--bank", folder, "--data", data, "--out", out, ...settings];
  expect(await run(...training)).toMatchObject({ code: 2, stderr: expect.stringContaining("say with --recipe how") });
  expect(await run(...training, "--recipe", "phantom")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("bank written"),
  });

  const [before, bank] = [await readBank(openFolder(folder)), await readBank(openFolder(join(out, "bank")))];
  expect(bank.candidates).toEqual(before.candidates);
  expect(bank.decision).toMatchObject({ id: "decision", network: "shufflenetv2", output: "logits" });
  expect(bank.expectedDice).toHaveLength(4);
  expect(bank.recipe).toMatchObject({
    stride: 16,
    decisionTraining: { classWeights: [expect.any(Number), 1, 1, 1.1] },
  });
  const { labels } = JSON.parse(await readFile(join(out, "checkpoints/labels.json"), "utf8"));
  const dice = labels.flatMap((label: { dice?: number[] }) => (label.dice ? [label.dice] : []));
  // M1 and M2 differ in their threshold alone, and the foreign network in everything.
  expect(dice.length).toBeGreaterThan(0);
  for (const own of dice) expect(own).toHaveLength(3);

  const segmented = await run("segment", data, "--bank", join(out, "bank"), "--out", results, "--json");
  const { cases } = JSON.parse(segmented.stdout);
  expect(cases).toMatchObject([{ policy: "dynamic", candidates: ["M1", "M2", "torch"] }, { policy: "dynamic" }]);
  const forced = await run(
    "segment",
    data,
    "--bank",
    folder,
    "--policy",
    "torch",
    "--out",
    join(folder, "torch"),
    "--json",
  );
  expect(JSON.parse(forced.stdout).cases[0]).toMatchObject({ policy: "torch", flops: { macs: 6 * 4 * 71_680 } });
});

test.each([
  ["--bank alone", ["--bank", "."], "--only decision and --bank go together"],
  ["--only alone", ["--only", "decision"], "--only decision and --bank go together"],
  ["nothing to train", [], "--recipe must be given, one of: brats"],
])("train with %s: one line", async (_, args, line) => {
  const { code, stderr } = await run("train", "--data", folder, "--out", join(folder, "run"), ...args);
  expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
  expect(stderr).toContain(line);
});

test("what cannot be added is told in a line, and the bank stays", async () => {
  const before = await readFile(join(folder, "bank.json"), "utf8");
  const three = join(folder, "three.onnx");
  await writeFile(three, makeCandidate(1, 3));
  const text = join(folder, "text.onnx");
  await copyFile("package.json", text);
  const shapes =
    "must take float32 [N, 4, 16, 16] and give float32 [N, 4, 16, 16]; it takes float32 [N, 3, 16, 16] and gives float32 [N, 4, 16, 16]";
  for (const [path, id, line] of [
    [three, "other", shapes],
    [text, "other", "the file must be an ONNX model"],
    [FOREIGN, "M1", "M1.onnx is there already; give another --id"],
    [FOREIGN, "a/b", "--id <name>: must be letters, digits"],
  ] as const) {
    const { code, stderr } = await add(path, "--id", id);
    expect(code).toBe(2);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(stderr).toContain(line);
  }
  expect(await readFile(join(folder, "bank.json"), "utf8")).toBe(before);
});
