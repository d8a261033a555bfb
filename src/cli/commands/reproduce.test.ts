import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CaseReport } from "../../report/case-report.ts";
import { runProgram } from "../program.ts";
import type { SliceContent } from "../reproduce/content.ts";
import { experiments } from "../reproduce/experiments/index.ts";
import type { Row } from "../reproduce/row.ts";

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
const AT_TINY = () => ["--bank", at("out/tiny/run/bank"), "--data", at("out/tiny/phantoms"), "--threads", "1"];
const reproduce = (name: string, ...more: string[]) =>
  run("reproduce", name, ...AT_TINY(), "--out", at("out"), ...more);
const rowsIn = (result: unknown) => (result as { rows: Row[] }).rows;
const oursIn = (result: unknown) => rowsIn(result).filter(({ source }) => source === "ours");
const describeRows = (rows: readonly Row[]) => rows.map(({ method, source }) => `${method} ${source}`);
const readJson = async (...path: string[]) => JSON.parse(await readFile(at(...path), "utf8"));

/** What `all` prints. */
let all: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reproduce-test-"));
  const { code, stdout, stderr } = await run(
    ...["reproduce", "all", "--scale", "tiny", "--json", "--out", at("out"), "--threads", "1"],
  );
  expect(code, stderr).toBe(0);
  all = JSON.parse(stdout);
}, 600_000);
afterAll(() => rm(root, { recursive: true }));

test("all at the tiny scale: every experiment without data, each as three files", async () => {
  expect(Object.keys(all)).toEqual(Object.keys(experiments));
  const files = await readdir(at("out"));
  for (const name of Object.keys(experiments)) {
    expect(files).toEqual(expect.arrayContaining([`${name}.md`, `${name}.html`]));
    expect(await readJson("out", `${name}.json`)).toEqual(all[name]);
  }
});

test("table3: means of the cases, FLOPs of the bank, the paper's rows; a kept case is not segmented again", async () => {
  const rows = rowsIn(all["table3"]);
  expect(describeRows(rows)).toEqual(
    ["M1", "M2", "M3", "dynamic"].flatMap((method) => [`${method} ours`, `${method} paper`]),
  );
  const bank = await readJson("out/tiny/run/bank/bank.json");
  const forced = rows.filter(({ method, source }) => method !== "dynamic" && source === "ours");
  expect(forced.map(({ gflops }) => gflops.perInference * 1e9)).toEqual(
    bank.candidates.map(({ flops }: { flops: { paper: number } }) => expect.closeTo(flops.paper, 3)),
  );
  const { bank: sha256 } = all["table3"] as { bank: string };
  const kept = ["out", "cases", `${sha256.slice(0, 12)}-M1`, "phantom_003.json"];
  const report = await readJson(...kept);
  await writeFile(at(...kept), JSON.stringify(changeDice(report, 0.5)));
  const again = rowsIn(JSON.parse((await reproduce("table3", "--json")).stdout));
  expect(again[0]!.dice["WT"]! - rows[0]!.dice["WT"]!).toBeCloseTo(25, 6); // half of a case of two, in percent
  await writeFile(at(...kept), JSON.stringify(report));
}, 300_000);

const changeDice = (report: CaseReport, by: number) => {
  const { WT } = report.metrics!;
  return { ...report, metrics: { ...report.metrics, WT: { ...WT, dice: WT!.dice + by } } };
};

test("table3 as Markdown on stdout and as files, with a figure", async () => {
  const { stdout } = await reproduce("table3");
  expect(stdout).toMatch(/\| M2 \| paper \| 78\.31 \| 82\.59 \| 90\.61 \| - \|/);
  expect(await readFile(at("out/table3.md"), "utf8")).toBe(stdout);
  expect(await readFile(at("out/table3.html"), "utf8")).toContain("<svg");
}, 300_000);

test("table4 needs the training once", async () => {
  const without = await reproduce("table4", "--out", at("other"));
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("give its folder with --run DIR");
  const wrong = await reproduce("table4", "--out", at("other"), "--run", at("out/tiny/phantoms"));
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("must be the training of");
  const kept = await reproduce("table4", "--json");
  expect(kept.code, kept.stderr).toBe(0);
  expect(oursIn(JSON.parse(kept.stdout))).toHaveLength(6);
}, 300_000);

test("table6: nothing, the lightest of each kind, and all, beside the paper's rows", () => {
  const rows = rowsIn(all["table6"]);
  expect(describeRows(rows).map((text) => text.replace(" candidates", ""))).toEqual([
    ...["0 ours", "0 paper", "2 ours", "2 paper", "4 paper", "6 paper", "3 ours"],
  ]);
  expect(rows[0]).toMatchObject({ dice: { ET: 0, TC: 0, WT: 0 }, gflops: { allCases: 0 } });
});

test("table5: four decision networks, with their own FLOPs beside those of their choices", async () => {
  const rows = oursIn(all["table5"]);
  const { decisionNetworks } = all["table5"] as { decisionNetworks: Record<string, number>[] };
  expect(decisionNetworks.map(({ paperPerSlice }) => paperPerSlice)).toEqual([1.758, 0.278, 0.247, 0.078]);
  for (const [i, { method, perInference, perSlice, perCase }] of decisionNetworks.entries()) {
    expect(rows[i]).toMatchObject({ method });
    expect(perSlice).toBeCloseTo(9 * perInference!, 9); // windows of 16 at stride 8 in a slice of 32
    expect(perCase).toBeLessThanOrEqual(4 * perSlice! + 1e-9);
    expect(rows[i]!.perCaseWithDecision! - rows[i]!.gflops.perCase).toBeCloseTo(perCase!, 9);
  }
  const own = await readJson("out/tiny/run/bank/bank.json");
  expect(decisionNetworks[3]!["parameters"]).toBe(own.decision.parameters);
});

test("figure5: shares of each case and of all add up to 1", () => {
  const { activation, activationByCase } = all["figure5"] as Record<string, Record<string, never>>;
  expect(Object.keys(activationByCase!)).toEqual(["phantom_003", "phantom_004"]);
  for (const ratio of [activation, ...Object.values(activationByCase!)]) {
    const shares = Object.values(ratio as Record<string, number>);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  }
});

test("figure1: the slices of every case, their costs add up to that of the dynamic bank", async () => {
  const { slices } = all["figure1"] as { slices: Record<string, SliceContent[]> };
  const spent = Object.values(slices)
    .flat()
    .reduce((sum, { gflops }) => sum + gflops, 0);
  const dynamic = oursIn(all["table3"]).at(-1)!;
  expect(Object.values(slices).map(({ length }) => length)).toEqual([4, 4]);
  expect(spent).toBeGreaterThan(0);
  expect(spent).toBeCloseTo(dynamic.gflops.allCases, 9);
  expect(await readFile(at("out/figure1.html"), "utf8")).toContain('src="data:image/png;base64,');
});

test("figure3: Dice of truth, dynamic and each candidate on the slices shown; the same pictures in figure7", async () => {
  const { compared } = all["figure3"] as { compared: { case: string; slices: number[]; dice: object }[] };
  expect(compared.map((one) => one.case)).toEqual(["phantom_003", "phantom_004"]);
  for (const { slices, dice } of compared) {
    expect(Object.keys(dice)).toEqual(["dynamic", "M1", "M2", "M3"]);
    for (const values of Object.values(dice)) expect(values).toHaveLength(slices.length);
  }
  expect(all["figure7"]).toMatchObject({ compared });
  expect(await readFile(at("out/figure3.html"), "utf8")).toContain(
    '<img alt="phantom_003" src="data:image/png;base64,',
  );
});

test("one line for what is wrong, and nothing overwritten unasked", async () => {
  const unknown = await reproduce("table99");
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("known are: table3, table4")]);
  const both = await reproduce("table3", "--scale", "tiny");
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("leave out --bank")]);
  const neither = await run("reproduce", "table3", "--out", at("other"));
  expect([neither.code, neither.stderr]).toEqual([2, expect.stringContaining("needs --bank DIR and --data DIR")]);
  const split = at("one.json");
  await writeFile(split, JSON.stringify({ train: ["phantom_003"], validation: ["phantom_001"] }));
  const other = await reproduce("figure5", "--split", split);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("--force")]);
  expect(other.stderr).toContain("the bank was trained on phantom_001");
  expect((await reproduce("figure5", "--split", split, "--force")).code).toBe(0);
  await writeFile(split, JSON.stringify({ train: ["phantom_001"], validation: [] }));
  expect((await reproduce("figure5", "--split", split)).stderr).toContain("needs validation cases");
}, 300_000);

test("all makes what can be made, and names the rest", async () => {
  const some = await run("reproduce", "all", ...AT_TINY(), "--out", at("other"), "--json");
  expect([some.code, some.stderr]).toEqual([2, expect.stringContaining("table4, table5, table6 could not be made")]);
  expect(Object.keys(JSON.parse(some.stdout))).toContain("table3");
}, 300_000);
