import { expect, it } from "vitest";
import { createMetricsReport, reportFormats, wideTable } from "./metrics-report.ts";

const values = (dice: number, hd95: number) => ({ dice, hd95, sensitivity: 0.5, specificity: 1 });
const report = createMetricsReport([
  { id: "a", regions: { ET: values(0.5, 4), WT: values(0.8, 2) } },
  { id: "b", regions: { ET: values(1, 0), WT: values(0.6, 6) } },
]);

it("is one JSON value with its version and units", () => {
  const read = JSON.parse(JSON.stringify(report));
  expect(read.schemaVersion).toBe(1);
  expect(read.metrics.hd95).toEqual({ title: "HD95", unit: "mm", better: "lower" });
  expect(read.cases[1].regions.WT.hd95).toBe(6);
  expect(read.summary.WT.hd95).toEqual({ n: 2, mean: 4, sd: Math.sqrt(8), median: 4 });
});

it("prints a table a metric", () => {
  const [dice, hd95, ...others] = reportFormats.text(report).split("\n\n");
  expect(dice.split("\n")).toEqual([
    "Dice, higher is better",
    "case        ET      WT",
    "a       0.5000  0.8000",
    "b       1.0000  0.6000",
    "mean    0.7500  0.7000",
    "sd      0.3536  0.1414",
    "median  0.7500  0.7000",
  ]);
  expect(hd95).toMatch(/^HD95 \(mm\), lower is better\n/);
  expect(hd95).toContain("mean    2.00  4.00");
  expect(others).toHaveLength(2);
});

it("prints Markdown with a dash where a single case has no deviation", () => {
  const single = createMetricsReport(report.cases.slice(0, 1));
  expect(reportFormats.md(single)).toContain("| sd | - | - |");
});

it("has one wide table for CSV", () => {
  expect(wideTable(report).columns.map(({ title }) => title)).toEqual([
    "case",
    ...["dice", "hd95", "sensitivity", "specificity"].map((name) => `ET ${name}`),
    ...["dice", "hd95", "sensitivity", "specificity"].map((name) => `WT ${name}`),
  ]);
  expect(reportFormats.csv(report).split("\r\n")[1]).toBe("a,0.5,4,0.5,1,0.8,2,0.5,1");
});
