import { expect, it } from "vitest";
import type { CaseMetrics } from "./case-metrics.ts";
import { measureSpread, summarizeCases } from "./summary.ts";

const values = (dice: number) => ({ dice, hd95: 10 * dice, sensitivity: 1, specificity: 1 });
const of = (id: string, dice: number): CaseMetrics => ({ id, regions: { WT: values(dice) } });

it("gives mean, sample standard deviation and median", () => {
  // 2, 4, 4, 10: mean 5, squares 9 + 1 + 1 + 25 = 36, sd = sqrt(36 / 3)
  expect(measureSpread([10, 4, 2, 4])).toEqual({ n: 4, mean: 5, sd: Math.sqrt(12), median: 4 });
});

it("has no standard deviation for one case", () => {
  expect(measureSpread([3])).toEqual({ n: 1, mean: 3, sd: null, median: 3 });
});

it("summarizes each region and metric over all cases", () => {
  const summary = summarizeCases([of("a", 0), of("b", 1)]);
  expect(summary["WT"].dice).toEqual({ n: 2, mean: 0.5, sd: Math.SQRT1_2, median: 0.5 });
  expect(summary["WT"].hd95.mean).toBe(5);
  expect(Object.keys(summary["WT"])).toEqual(["dice", "hd95", "sensitivity", "specificity"]);
});

it("refuses to leave a case out", () => {
  const other: CaseMetrics = { id: "b", regions: { ET: values(1) } };
  expect(() => summarizeCases([of("a", 1), other])).toThrow("b lacks WT");
  expect(() => summarizeCases([])).toThrow("at least one case");
});
