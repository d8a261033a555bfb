/** @file The report of an evaluation: cases and summary as one JSON value, and as tables. */

import type { CaseMetrics } from "../eval/case-metrics.ts";
import { diceOf } from "../eval/dice.ts";
import { type MetricName, metrics } from "../eval/index.ts";
import type { Metric } from "../eval/metric.ts";
import { type Spread, type Summary, summarizeCases } from "../eval/summary.ts";
import { formatCsv, formatMarkdown, formatText, type Table } from "./table.ts";

export interface MetricsReport {
  readonly schemaVersion: 1;
  readonly metrics: Readonly<Record<MetricName, Pick<Metric, "title" | "unit" | "better">>>;
  readonly cases: readonly CaseMetrics[];
  readonly summary: Summary;
  /** Region -> Dice over all cases together, where every case has its counts. */
  readonly globalDice?: Readonly<Record<string, number>>;
}

/** Throws `UserError` without cases, or when their regions differ. */
export function createMetricsReport(cases: readonly CaseMetrics[]): MetricsReport {
  const described = names.map((name) => {
    const { title, unit, better } = metrics[name];
    return [name, { title, unit, better }] as const;
  });
  return {
    schemaVersion: 1,
    metrics: Object.fromEntries(described) as MetricsReport["metrics"],
    cases,
    summary: summarizeCases(cases),
    ...poolDice(cases),
  };
}

function poolDice(cases: readonly CaseMetrics[]): Pick<MetricsReport, "globalDice"> {
  const counts = cases.flatMap(({ overlaps }) => (overlaps ? [overlaps] : []));
  if (counts.length < cases.length) return {};
  const dice = Object.keys(counts[0]).map((region) => [region, diceOf(counts.map((overlaps) => overlaps[region]))]);
  return { globalDice: Object.fromEntries(dice) };
}

const names = Object.keys(metrics) as MetricName[];

/** The report as text: a table a metric for a reader (`md`, `text`), one wide table with all numbers in full for a program (`csv`). */
export const reportFormats = {
  md: (report: MetricsReport): string => tablesByMetric(report).map(formatMarkdown).join("\n"),
  text: (report: MetricsReport): string => tablesByMetric(report).map(formatText).join("\n"),
  csv: (report: MetricsReport): string => formatCsv(wideTable(report)),
} as const;

/** One table a metric, one column a region. */
function tablesByMetric(report: MetricsReport): Table[] {
  return names.map((name) => {
    const { title, unit, better } = metrics[name];
    const columns = Object.keys(report.summary).map((region) => ({ region, name, title: region }));
    return layOut(report, `${title}${unit === "mm" ? " (mm)" : ""}, ${better} is better`, columns);
  });
}

/** One table with a column for each region and metric, named `WT dice`. */
export function wideTable(report: MetricsReport): Table {
  const columns = Object.keys(report.summary).flatMap((region) =>
    names.map((name) => ({ region, name, title: `${region} ${name}` })),
  );
  return layOut(report, "Metrics", columns);
}

/** A row a case, then mean, sd and median, and the global Dice where there is one. */
function layOut(
  { cases, summary, globalDice }: MetricsReport,
  title: string,
  columns: readonly { region: string; name: MetricName; title: string }[],
): Table {
  const summaryRow = (key: keyof Spread) => [key, ...columns.map(({ region, name }) => summary[region][name][key])];
  const pooled = columns.map(({ region, name }) => (name === "dice" ? (globalDice?.[region] ?? null) : null));
  return {
    title,
    columns: [{ title: "case" }, ...columns.map(({ name, title }) => ({ title, unit: metrics[name].unit }))],
    rows: [
      ...cases.map(({ id, regions }) => [id, ...columns.map(({ region, name }) => regions[region][name])]),
      ...(["mean", "sd", "median"] as const).map(summaryRow),
      ...(pooled.some((value) => value !== null) ? [["global", ...pooled]] : []),
    ],
  };
}
