/** @file Mean, standard deviation and median over cases. Every case counts: none is left out of a region. */

import { UserError } from "../error.ts";
import type { CaseMetrics } from "./case-metrics.ts";
import { type MetricName, metrics } from "./index.ts";
import { percentile } from "./percentile.ts";

export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (divisor n - 1); null for a single case, where it does not exist. */
  readonly sd: number | null;
  readonly median: number;
}

/** Region -> metric -> spread over the cases. */
export type Summary = Readonly<Record<string, Readonly<Record<MetricName, Spread>>>>;

/** Summary over all cases. Throws `UserError` without cases, or when a case lacks a region that another has. */
export function summarizeCases(cases: readonly CaseMetrics[]): Summary {
  if (cases.length === 0) throw new UserError("a summary needs at least one case, found none; check the input folders");
  const regions = [...new Set(cases.flatMap((one) => Object.keys(one.regions)))];
  const names = Object.keys(metrics) as MetricName[];
  const read = (one: CaseMetrics, region: string, name: MetricName) => {
    const value = one.regions[region]?.[name];
    if (value !== undefined) return value;
    throw new UserError(`every case must have the regions ${regions.join(", ")}; ${one.id} lacks ${region}`);
  };
  const summarize = (region: string) =>
    Object.fromEntries(names.map((name) => [name, measureSpread(cases.map((one) => read(one, region, name)))]));
  return Object.fromEntries(regions.map((region) => [region, summarize(region)])) as Summary;
}

/** Spread of one or more values. */
export function measureSpread(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sorted = [...values].sort((a, b) => a - b);
  return { n, mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null, median: percentile(sorted, 50) };
}
