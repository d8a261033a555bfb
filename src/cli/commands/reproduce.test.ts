import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../../../test/run-program.ts";
import type { CaseReport } from "../../report/case-report.ts";
import type { SliceContent } from "../reproduce/content.ts";
import { experiments } from "../reproduce/experiments/index.ts";
import type { CountedRow } from "../reproduce/row.ts";

let root: string;
const at = (...path: string[]) => join(root, ...path);

const run = (...args: string[]) => runProgram(args);
const AT_TINY = () => ["--bank", at("out/tiny/run/bank"), "--data", at("out/tiny/phantoms"), "--threads", "1"];
const reproduce = (name: string, ...more: string[]) =>
  run("reproduce", name, ...AT_TINY(), "--out", at("out"), ...more);
const rowsIn = (result: unknown) => (result as { rows: CountedRow[] }).rows;
const oursIn = (result: unknown) => rowsIn(result).filter(({ source }) => source === "ours");
const describeRows = (rows: readonly CountedRow[]) => rows.map(({ method, source }) => `${method} ${source}`);
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

test("tables 1 and 2: systems that are here are trained once, those only cited have the paper's row alone", () => {
  const [one, two] = [rowsIn(all["table1"]), rowsIn(all["table2"])];
  expect(describeRows(one)).toEqual([
    ...both("3D U-Net", "V-Net", "Attention U-Net"),
    ...["Wang et al. cited", "Chen et al. cited", "Li et al. cited", "Frey et al. cited"],
    ...both("TransUNet", "Swin-UNet", "TransBTS", "Med-DANet"),
  ]);
  expect(describeRows(two)).toEqual([
    ...both("3D U-Net", "V-Net", "Deeper V-Net", "3D Residual U-Net"),
    ...["Liu et al. cited", "Vu et al. cited", "Ghaffari et al. cited"],
    ...both("TransUNet", "Swin-UNet", "TransBTS", "Med-DANet"),
  ]);
  const ours = (rows: CountedRow[], name: string) => rows.find((row) => row.method === name && row.source === "ours")!;
  for (const name of ["3D U-Net", "V-Net", "TransUNet", "Med-DANet"]) expect(ours(two, name)).toEqual(ours(one, name));
  // Inputs are 16x16 windows and 16x16x16 cubes, of cases of 4 slices: 4 cubes each.
  const [swin, vnet] = [ours(one, "Swin-UNet").gflops, ours(one, "V-Net").gflops];
  expect(swin.perStack).toBeCloseTo((swin.perInference * 128 ** 3) / 16 ** 2, 6);
  expect(vnet.perStack).toBeCloseTo(vnet.perInference * 8 ** 3, 6);
  expect(vnet.perCase).toBeCloseTo(4 * vnet.perInference, 9);
  expect(vnet.perSlice).toBeCloseTo(vnet.perInference, 9);
  const { trainings } = all["table1"] as { trainings: { method: string; input: string; steps: number }[] };
  expect(trainings.map(({ method, input, steps }) => `${method} ${input} ${steps}`)).toContain("Swin-UNet 16x16 4");
});

const both = (...names: string[]) => names.flatMap((name) => [`${name} ours`, `${name} paper`]);

test("table2 and figure 7 of one system, in a given time", async () => {
  const few = ["--systems", "swin-unet", "--max-minutes", "0.05", "--scale", "tiny", "--out", at("out"), "--json"];
  const reproduceFew = async (experiment: string) => {
    const { code, stdout, stderr } = await run("reproduce", experiment, ...few);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const result = await reproduceFew("table2");
  expect(oursIn(result).map(({ method }) => method)).toEqual(["Swin-UNet", "Med-DANet"]);
  expect(result.trainings).toMatchObject([{ method: "Swin-UNet", batch: 4, epochs: expect.any(Number) }]);
  const { compared } = await reproduceFew("figure7");
  for (const { dice } of compared) expect(Object.keys(dice)).toEqual(["dynamic", "Swin-UNet"]);
}, 300_000);

test("table7: CT phantoms, Dice of each case and of all together", () => {
  const rows = oursIn(all["table7"]);
  expect(rows.map(({ method }) => method)).toEqual(["TransUNet", "Swin-UNet", "TransBTS", "Med-DANet"]);
  expect(all["table7"]).toMatchObject({ cases: ["volume-2", "volume-3"] });
  for (const { dice, globalDice } of rows) {
    expect(Object.keys(dice)).toEqual(["liver", "lesion"]);
    for (const value of Object.values(globalDice!)) expect(value).toBeLessThanOrEqual(100);
  }
  expect(rows.some(({ globalDice }) => globalDice!["liver"]! > 0)).toBe(true);
});

test("table8: both trainings of the same candidates, with their hours", () => {
  const [individual, joint] = oursIn(all["table8"]) as [CountedRow, CountedRow];
  expect(describeRows(rowsIn(all["table8"]))).toEqual(both("individual", "joint"));
  expect(individual.trainingHours).toBeGreaterThan(0);
  expect(joint).toMatchObject({ dice: oursIn(all["table3"]).at(-1)!.dice, trainingHours: expect.any(Number) });
});

test("figure2: the bank's actions and their shares, as a table and as a drawing", async () => {
  const { actions } = all["figure2"] as { actions: { action: string; share: number; parameters: number }[] };
  expect(actions.map(({ action }) => action)).toEqual(["skip", "M1", "M2", "M3"]);
  expect(actions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  const bank = await readJson("out/tiny/run/bank/bank.json");
  expect(actions[1]!.parameters).toBe(bank.candidates[0].parameters);
  const [, svg] = /data:image\/svg\+xml;base64,([\w+/=]+)/.exec(await readFile(at("out/figure2.html"), "utf8"))!;
  const drawn = Buffer.from(svg!, "base64").toString();
  for (const { action, share } of actions) expect(drawn).toContain(`>${action}: ${(100 * share).toFixed(1)} %<`);
  expect(drawn.match(/class="share"/g)).toHaveLength(4);
});

test("folds: a bank each, and means over all cases", async () => {
  const folds = ["--scale", "tiny", "--folds", "2", "--out", at("folds"), "--threads", "1", "--json"];
  const { code, stdout, stderr } = await run("reproduce", "table3", ...folds);
  expect(code, stderr).toBe(0);
  const { cases, bank, rows, folds: found } = JSON.parse(stdout);
  expect(cases).toHaveLength(2); // of the split's two training cases, one each
  expect(bank.split(" ")).toHaveLength(2);
  const first = found.map((fold: { rows: CountedRow[] }) => fold.rows[0]!.dice["WT"]);
  expect(rows[0].dice["WT"]).toBeCloseTo((first[0] + first[1]) / 2, 9);
  expect(rows[0].counts).toMatchObject({ cases: 2, slices: 8 });
  expect(await readFile(at("folds/table3.md"), "utf8")).toContain("## Fold 2: Each candidate");
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
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("known are: table1, table2")]);
  const both = await reproduce("table3", "--scale", "tiny");
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("leave out --bank")]);
  const folds = await reproduce("table3", "--folds", "2");
  expect([folds.code, folds.stderr]).toEqual([2, expect.stringContaining("leave out --bank")]);
  const mri = await reproduce("table7", "--out", at("other"));
  expect([mri.code, mri.stderr]).toEqual([
    2,
    expect.stringContaining("cases of liver CT such as lits, found data set phantom"),
  ]);
  const system = await reproduce("table1", "--systems", "unet9");
  expect([system.code, system.stderr]).toEqual([2, expect.stringContaining("--systems <ids>")]);
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
  const rest = "table1, table2, table4, table5, table6, table8 could not be made";
  expect([some.code, some.stderr]).toEqual([2, expect.stringContaining(rest)]);
  expect(some.stderr).toContain("a crop of 64 must fit into the slice, which has 32 voxels");
  expect(some.stderr).toContain("table7: left out, it is of liver CT");
  expect(Object.keys(JSON.parse(some.stdout))).toEqual(
    expect.arrayContaining(["table3", "figure1", "figure2", "figure3", "figure5"]),
  );
}, 300_000);
