/** @file A row of the paper's tables, ours or the paper's, and the section that shows rows side by side. */

import { summarizeCases } from "../../eval/summary.ts";
import type { CaseReport } from "../../report/case-report.ts";
import type { Section } from "../../report/html.ts";
import type { Table } from "../../report/table.ts";

export interface Row {
  readonly method: string;
  readonly source: "ours" | "paper";
  /** Region -> mean over the cases in percent. */
  readonly dice: Readonly<Record<string, number>>;
  /** Region -> mean over the cases in mm; the paper's ablations have none. */
  readonly hd95?: Readonly<Record<string, number>>;
  /** In G, the paper's count; the decision network is only in `perCaseWithDecision`. */
  readonly gflops: Readonly<Record<"allCases" | "perCase" | "perSlice" | "perInference", number>>;
  readonly perCaseWithDecision?: number;
  /** Percent of the tumour voxels of all cases that lie in skipped inputs only. */
  readonly lost?: number;
  /** Wall time of a case, mean. */
  readonly seconds?: number;
}

/** What a row needs of a segmented case. */
export type MeasuredCase = Pick<CaseReport, "case" | "metrics" | "flops" | "decisions" | "seconds" | "lost">;

/** Our row: means over the cases, all of which have a truth. */
export function averageCases(method: string, cases: readonly MeasuredCase[]): Row {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const giga = (of: (one: MeasuredCase) => number) => cases.reduce((sum, one) => sum + of(one), 0) / 1e9;
  const allCases = giga(({ flops }) => flops.paper);
  const inferences = cases.reduce((sum, { decisions }) => sum + decisions.length, 0);
  const slices = cases.reduce((sum, { decisions }) => sum + decisions.at(-1)!.slice + 1, 0);
  const summary = summarizeCases(cases.map((one) => ({ id: one.case, regions: one.metrics! })));
  const means = (name: "dice" | "hd95", factor: number) =>
    Object.fromEntries(Object.entries(summary).map(([region, values]) => [region, factor * values[name].mean]));
  return {
    ...{ method, source: "ours", dice: means("dice", 100), hd95: means("hd95", 1) },
    gflops: {
      allCases,
      perCase: allCases / cases.length,
      perSlice: allCases / slices,
      perInference: allCases / inferences,
    },
    ...lostShare(cases),
    perCaseWithDecision: giga(({ flops }) => flops.withDecision.paper) / cases.length,
    seconds: mean(cases.map(({ seconds }) => seconds["total"] ?? 0)),
  };
}

/** Of the region with most voxels, which holds the others. */
function lostShare(cases: readonly MeasuredCase[]): Pick<Row, "lost"> {
  const whole = cases.flatMap(({ lost = {} }) => {
    const regions = Object.values(lost);
    return regions.length === 0 ? [] : [regions.reduce((a, b) => (b.total > a.total ? b : a))];
  });
  const total = whole.reduce((sum, one) => sum + one.total, 0);
  return total === 0 ? {} : { lost: (100 * whole.reduce((sum, one) => sum + one.lost, 0)) / total };
}

/** Mean of Dice over the regions, percent. */
export const meanDice = ({ dice }: Row): number => {
  const values = Object.values(dice);
  return values.reduce((a, b) => a + b, 0) / values.length;
};

const ABOUT_PAPER =
  "Rows of the paper are its BraTS 2019 figures, of other cases and another training: they stand beside ours, not against them.";

/** The rows as a table with the paper's columns, and Dice against cost. */
export function compareRows(rows: readonly Row[], { title, text }: { title: string; text: string }): Section {
  const points = rows.flatMap((row) =>
    row.gflops.perCase > 0
      ? [{ x: row.gflops.perCase, y: meanDice(row), series: row.method, panel: row.source as string }]
      : [],
  );
  return {
    ...{ title, text: `${text} ${ABOUT_PAPER}`, tables: [tableOf(rows, title)] },
    figures: [
      {
        title: "Mean Dice over the regions against cost",
        mark: "dot",
        x: { label: "GFLOPs a case", scale: "log" },
        y: { label: "Dice (%)" },
        points,
      },
    ],
  };
}

function tableOf(rows: readonly Row[], title: string): Table {
  const regions = Object.keys(rows.find(({ source }) => source === "ours")?.dice ?? {});
  const flops = { allCases: "all cases", perCase: "a case", perSlice: "a slice", perInference: "an input" } as const;
  const counts = Object.keys(flops) as (keyof typeof flops)[];
  return {
    title: `${title}: Dice in %, HD95 in mm, FLOPs in G`,
    columns: [
      { title: "method" },
      { title: "source" },
      ...regions.map((region) => ({ title: `Dice ${region}`, unit: "percent" as const })),
      ...regions.map((region) => ({ title: `HD95 ${region}`, unit: "mm" as const })),
      ...counts.map((count) => ({ title: `G ${flops[count]}`, unit: "G" as const })),
      { title: "G a case with decisions", unit: "G" },
      { title: "tumour lost %", unit: "percent" },
      { title: "seconds a case", unit: "seconds" },
    ],
    rows: rows.map(({ method, source, dice, hd95, gflops, perCaseWithDecision, lost, seconds }) => [
      ...[method, source],
      ...regions.map((region) => dice[region] ?? null),
      ...regions.map((region) => hd95?.[region] ?? null),
      ...counts.map((count) => gflops[count]),
      ...[perCaseWithDecision ?? null, lost ?? null, seconds ?? null],
    ]),
  };
}

/** Dice of each case by method, in percent: what the means hide when cases are few. */
export function listCases(methods: readonly { method: string; cases: readonly MeasuredCase[] }[]): Table {
  const regions = Object.keys(methods[0]!.cases[0]!.metrics!);
  return {
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
}
