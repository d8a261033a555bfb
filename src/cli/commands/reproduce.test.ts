import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePhantoms } from "../../data/phantom.ts";
import { nodeGzip, openFolder } from "../../node/index.ts";
import { runProgram } from "../program.ts";
import type { Row } from "../reproduce/row.ts";

/** Two U-Nets of a few steps: what they predict does not matter here. */
const TINY = [
  "bank.epochs=1",
  "bank.stepsPerEpoch=2",
  "bank.batch=2",
  "candidates.0.trainedShare=1",
  "candidates.1.network=unet2d",
  'candidates.1.config={"base":6}',
  "decisionTraining.epochs=1",
  "decisionTraining.stepsPerEpoch=2",
  "decisionTraining.batch=2",
];

let root: string;
const at = (...path: string[]) => join(root, ...path);

async function run(...args: string[]) {
  let [stdout, stderr] = ["", ""];
  const code = await runProgram(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}
const reproduce = (name: string, ...more: string[]) =>
  run("reproduce", name, "--bank", at("run/bank"), "--data", at("data"), "--out", at("out"), "--threads", "1", ...more);
const rowsOf = (stdout: string) => (JSON.parse(stdout) as { rows: Row[] }).rows;
const readJson = async (...path: string[]) => JSON.parse(await readFile(at(...path), "utf8"));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reproduce-test-"));
  await writePhantoms(openFolder(at("data")), nodeGzip, { cases: 4, seed: 2, size: [32, 32, 4] });
  const split = { train: ["phantom_001", "phantom_002"], validation: ["phantom_003", "phantom_004"] };
  await writeFile(at("data/split.json"), JSON.stringify(split));
  const settings = TINY.flatMap((setting) => ["--set", setting]);
  const trained = await run("train", "--recipe", "phantom", "--data", at("data"), "--out", at("run"), ...settings);
  expect(trained.code, trained.stderr).toBe(0);
}, 300_000);
afterAll(() => rm(root, { recursive: true }));

test("table3: means of the cases, FLOPs of the bank, the paper's rows; a kept case is not segmented again", async () => {
  const { code, stdout, stderr } = await reproduce("table3", "--json");
  expect(code, stderr).toBe(0);
  const rows = rowsOf(stdout);
  expect(rows.map(({ method, source }) => `${method} ${source}`)).toEqual(
    ["M1", "M2", "dynamic"].flatMap((method) => [`${method} ours`, `${method} paper`]),
  );
  const bank = await readJson("run/bank/bank.json");
  const forced = rows.filter(({ method, source }) => method !== "dynamic" && source === "ours");
  expect(forced.map(({ gflops }) => gflops.perInference * 1e9)).toEqual(
    bank.candidates.map(({ flops }: { flops: { paper: number } }) => expect.closeTo(flops.paper, 3)),
  );
  const kept = ["out", "cases", `${JSON.parse(stdout).bank.slice(0, 12)}-M1`, "phantom_003.json"];
  const report = await readJson(...kept);
  report.metrics.WT.dice += 0.5;
  await writeFile(at(...kept), JSON.stringify(report));
  const again = rowsOf((await reproduce("table3", "--json")).stdout);
  expect(again[0]!.dice["WT"]! - rows[0]!.dice["WT"]!).toBeCloseTo(25, 6); // half of a case of two, in percent
}, 300_000);

test("table3 as Markdown on stdout and as files, with a figure", async () => {
  const { stdout } = await reproduce("table3");
  expect(stdout).toMatch(/\| M2 \| paper \| 78\.31 \| 82\.59 \| 90\.61 \| - \|/);
  expect(await readFile(at("out/table3.md"), "utf8")).toBe(stdout);
  expect(await readFile(at("out/table3.html"), "utf8")).toContain("<svg");
}, 300_000);

test("table4 needs the training once; table6 takes the lightest of each kind, and nothing", async () => {
  const without = await reproduce("table4");
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("give its folder with --run DIR");
  const wrong = await reproduce("table4", "--run", at("data"));
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("must be the training of");
  expect((await reproduce("table4", "--run", at("run"), "--json")).code).toBe(0);
  const kept = await reproduce("table4", "--json");
  expect(kept.code, kept.stderr).toBe(0);
  expect(rowsOf(kept.stdout).filter(({ source }) => source === "ours")).toHaveLength(6);

  const six = await reproduce("table6", "--run", at("run"), "--json");
  expect(six.code, six.stderr).toBe(0);
  const rows = rowsOf(six.stdout);
  expect(rows.map(({ method, source }) => `${method[0]} ${source}`)).toEqual([
    ...["0 ours", "0 paper", "2 ours", "2 paper", "4 paper", "6 paper", "1 ours"],
  ]);
  expect(rows[0]).toMatchObject({ dice: { ET: 0, TC: 0, WT: 0 }, gflops: { allCases: 0 } });
}, 300_000);

test("table5: four decision networks; overall FLOPs follow the choices, their own the network", async () => {
  const { code, stdout, stderr } = await reproduce("table5", "--run", at("run"), "--json");
  expect(code, stderr).toBe(0);
  const rows = rowsOf(stdout).filter(({ source }) => source === "ours");
  const { decisionNetworks } = JSON.parse(stdout);
  expect(decisionNetworks.map(({ paperPerSlice }: { paperPerSlice: number }) => paperPerSlice)).toEqual([
    ...[1.758, 0.278, 0.247, 0.078],
  ]);
  for (const [i, { method, perInference, perSlice, perCase }] of decisionNetworks.entries()) {
    expect(rows[i]).toMatchObject({ method });
    expect(perSlice).toBeCloseTo(9 * perInference, 9); // windows of 16 at stride 8 in a slice of 32
    expect(perCase).toBeLessThanOrEqual(4 * perSlice + 1e-9);
    expect(rows[i]!.perCaseWithDecision! - rows[i]!.gflops.perCase).toBeCloseTo(perCase, 9);
  }
  const own = await readJson("run/bank/bank.json");
  expect(decisionNetworks[3].parameters).toBe(own.decision.parameters);
}, 300_000);

test("figure5: shares of each case and of all add up to 1", async () => {
  const { code, stdout } = await reproduce("figure5", "--json");
  expect(code).toBe(0);
  const { activation, activationByCase } = JSON.parse(stdout);
  expect(Object.keys(activationByCase)).toEqual(["phantom_003", "phantom_004"]);
  for (const ratio of [activation, ...Object.values(activationByCase)]) {
    const shares = Object.values(ratio as Record<string, number>);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  }
}, 300_000);

test("one line for what is wrong, and nothing overwritten unasked", async () => {
  const unknown = await reproduce("table99");
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("known are: table3, table4")]);
  const split = at("one.json");
  await writeFile(split, JSON.stringify({ train: ["phantom_003"], validation: ["phantom_001"] }));
  const other = await reproduce("figure5", "--split", split);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("--force")]);
  expect(other.stderr).toContain("the bank was trained on phantom_001");
  expect((await reproduce("figure5", "--split", split, "--force")).code).toBe(0);
  await writeFile(split, JSON.stringify({ train: ["phantom_001"], validation: [] }));
  expect((await reproduce("figure5", "--split", split)).stderr).toContain("needs validation cases");
}, 300_000);
