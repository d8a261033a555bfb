/** @file A row of the paper's tables, ours or the paper's, and the section that shows rows side by side. */

import { summarizeCases } from "../../eval/summary.ts";
import type { CaseReport } from "../../report/case-report.ts";
import type { Section } from "../../report/html.ts";
import type { Table } from "../../report/table.ts";

/**
 * What a count of FLOPs is of. `perStack` is 128x128x128 voxels of input, "per case" in Tables 1, 2 and 7, `perPlane` a
 * 128th of it, "per slice" there.
 */
const costs = {
  allCases: "all cases",
  perCase: "a case",
  perSlice: "a slice",
  perInference: "an input",
  perStack: "128x128x128",
  perPlane: "128x128",
} as const;
type CostName = keyof typeof costs;

export interface Row {
  readonly method: string;
  /** "cited": the paper's figure of a system that it only cites, and that is not here. */
  readonly source: "ours" | "paper" | "cited";
  /** Region -> mean over the cases in percent. */
  readonly dice: Readonly<Record<string, number>>;
  /** Region -> Dice of the voxels of all cases together, percent. */
  readonly globalDice?: Readonly<Record<string, number>>;
  /** Region -> mean over the cases in mm; the paper's ablations have none. */
  readonly hd95?: Readonly<Record<string, number>>;
  /** In G, the paper's count; the decision network is only in `perCaseWithDecision`. */
  readonly gflops: Readonly<Partial<Record<CostName, number>>>;
  readonly perCaseWithDecision?: number;
  /** Percent of the tumour voxels of all cases that lie in skipped inputs only. */
  readonly lost?: number;
  /** Wall time of a case, mean. */
  readonly seconds?: number;
  readonly trainingHours?: number;
  /** What ours are means over; `tumour` counts voxels. */
  readonly counts?: Readonly<Record<"cases" | "slices" | "inputs" | "tumour", number>>;
}

/** A row of the ablations and of ours: what segmenting the cases took. */
export interface CountedRow extends Row {
  readonly gflops: Row["gflops"] & Readonly<Record<"allCases" | "perCase" | "perSlice" | "perInference", number>>;
}

/** What a row needs of a segmented case. */
export type MeasuredCase = Pick<CaseReport, "case" | "slices" | "metrics" | "flops" | "decisions" | "seconds" | "lost">;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Our row: means over the cases, all of which have a truth. */
export function averageCases(method: string, cases: readonly MeasuredCase[]): CountedRow {
  const giga = (of: (one: MeasuredCase) => number) => sum(cases.map(of)) / 1e9;
  const allCases = giga(({ flops }) => flops.paper);
  const inputs = sum(cases.map(({ decisions }) => decisions.length));
  const slices = sum(cases.map((one) => one.slices));
  const summary = summarizeCases(cases.map((one) => ({ id: one.case, regions: one.metrics! })));
  const means = (name: "dice" | "hd95", factor: number) =>
    Object.fromEntries(Object.entries(summary).map(([region, values]) => [region, factor * values[name].mean]));
  const whole = cases.flatMap(wholeRegion);
  const tumour = sum(whole.map(({ total }) => total));
  return {
    ...{ method, source: "ours", dice: means("dice", 100), hd95: means("hd95", 1) },
    gflops: {
      allCases,
      perCase: allCases / cases.length,
      perSlice: allCases / slices,
      perInference: allCases / inputs,
    },
    ...(tumour > 0 && { lost: (100 * sum(whole.map(({ lost }) => lost))) / tumour }),
    perCaseWithDecision: giga(({ flops }) => flops.withDecision.paper) / cases.length,
    seconds: sum(cases.map(({ seconds }) => seconds["total"] ?? 0)) / cases.length,
    counts: { cases: cases.length, slices, inputs, tumour },
  };
}

/** Of the region with most voxels, which holds the others. */
function wholeRegion({ lost = {} }: MeasuredCase) {
  const regions = Object.values(lost);
  return regions.length === 0 ? [] : [regions.reduce((a, b) => (b.total > a.total ? b : a))];
}

/** Mean of Dice over the regions, percent. */
export const meanDice = ({ dice }: Row): number => sum(Object.values(dice)) / Object.values(dice).length;

interface Comparison {
  readonly title: string;
  readonly text: string;
  /** Whose cases the paper's rows are of. */
  readonly paperData?: string;
  /** The count that Dice is drawn against. */
  readonly cost?: CostName;
}

/** The rows as a table with the paper's columns, and Dice against cost. */
export function compareRows(rows: readonly Row[], comparison: Comparison): Section {
  const { title, text, paperData = "BraTS 2019", cost = "perCase" } = comparison;
  const about = `Rows of the paper are its ${paperData} figures, of other cases and another training: they stand beside ours, not against them.`;
  const points = rows.flatMap((row) =>
    (row.gflops[cost] ?? 0) > 0 && Number.isFinite(meanDice(row))
      ? [{ x: row.gflops[cost]!, y: meanDice(row), series: row.method, panel: row.source as string }]
      : [],
  );
  return {
    ...{ title, text: `${text} ${about}`, tables: [tableOf(rows, title)] },
    figures: [
      {
        title: "Mean Dice over the regions against cost",
        mark: "dot",
        x: { label: `GFLOPs, ${costs[cost]}`, scale: "log" },
        y: { label: "Dice (%)" },
        points,
      },
    ],
  };
}

/** Without the columns that no row has. */
function tableOf(rows: readonly Row[], title: string): Table {
  const regions = Object.keys(rows.find(({ source }) => source === "ours")?.dice ?? {});
  const all = (name: "dice" | "globalDice" | "hd95", label: string) =>
    regions.map((region) => {
      const unit = name === "hd95" ? ("mm" as const) : ("percent" as const);
      return { title: `${label} ${region}`, unit, of: (row: Row) => row[name]?.[region] };
    });
  const one = (name: "perCaseWithDecision" | "lost" | "seconds" | "trainingHours", title: string) => ({
    ...{ title, unit: name === "seconds" ? ("seconds" as const) : ("percent" as const) },
    of: (row: Row) => row[name],
  });
  const columns = [
    ...all("dice", "Dice"),
    ...all("globalDice", "global Dice"),
    ...all("hd95", "HD95"),
    ...(Object.keys(costs) as CostName[]).map((name) => ({
      ...{ title: `G ${costs[name]}`, unit: "G" as const },
      of: ({ gflops }: Row) => gflops[name],
    })),
    one("perCaseWithDecision", "G a case with decisions"),
    one("lost", "tumour lost %"),
    one("seconds", "seconds a case"),
    one("trainingHours", "hours of training"),
  ].filter(({ of }) => rows.some((row) => of(row) !== undefined));
  return {
    title: `${title}: Dice in %, HD95 in mm, FLOPs in G`,
    columns: [{ title: "method" }, { title: "source" }, ...columns.map(({ title, unit }) => ({ title, unit }))],
    rows: rows.map((row) => [row.method, row.source, ...columns.map(({ of }) => of(row) ?? null)]),
  };
}

/** Dice of each case by method, in percent: what the means hide when cases are few. */
export function listCases(methods: readonly { method: string; cases: readonly MeasuredCase[] }[]): Section {
  const regions = Object.keys(methods[0]!.cases[0]!.metrics!);
  const table: Table = {
    title: "Dice of each case (%)",
    columns: [{ title: "case" }, { title: "method" }, ...regions.map((title) => ({ title, unit: "percent" as const }))],
    rows: methods[0]!.cases.flatMap((one, i) =>
      methods.map(({ method, cases }) => [
        one.case,
        method,
        ...regions.map((region) => 100 * cases[i]!.metrics![region]!.dice),
      ]),
    ),
  };
  return { title: "Case by case", tables: [table] };
}
