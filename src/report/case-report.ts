/** @file What is known of a segmented case: the `<case>.json` file, and the same as text. */

import type { Bank } from "../danet/bank.ts";
import type { RegionMetrics } from "../eval/case-metrics.ts";
import type { Lost } from "../infer/lost.ts";
import type { Segmentation } from "../infer/segment.ts";
import { volumeMl } from "../volume/components.ts";
import type { LabelMap } from "../volume/grid.ts";
import { findNonZero } from "../volume/nonzero.ts";

/** What every report of a case says, wherever it was segmented. */
export interface CaseResult extends Omit<Segmentation, "classes" | "trace" | "probabilities"> {
  readonly schemaVersion: 1;
  readonly case: string;
  /** "dynamic", or the candidate that every window got. */
  readonly policy: string;
  readonly setting: Bank["setting"];
  readonly flips: boolean;
  /** Choice k of a decision is `candidates[k - 1]`. */
  readonly candidates: readonly string[];
  /** Region -> ml. */
  readonly volumesMl: Readonly<Record<string, number>>;
  /** Where the case has a truth. */
  readonly metrics?: RegionMetrics;
  /** Region -> truth voxels that no network saw; where the case has a truth. */
  readonly lost?: Readonly<Record<string, Lost>>;
  readonly bank: { readonly dataset: string; readonly sha256: string };
}

export interface CaseReport extends CaseResult {
  /** Of the case in the bank's frame. */
  readonly slices: number;
  /** Of the process so far: resident memory at its highest, in MB of 1e6 bytes. */
  readonly peakMemoryMb: number;
  readonly versions: Readonly<Record<"medDanet" | "runtime" | "device" | "node", string>>;
}

/** JSON with one line a decision; probabilities to 6 digits. */
export function formatCaseReport({ decisions, ...report }: CaseResult): string {
  const lines = decisions.map(({ probabilities, ...decision }) =>
    JSON.stringify({
      ...decision,
      ...(probabilities && { probabilities: probabilities.map((p) => Number(p.toFixed(6))) }),
    }),
  );
  const head = JSON.stringify(report, null, 2).slice(0, -2);
  return `${head},\n  "decisions": [\n    ${lines.join(",\n    ")}\n  ]\n}\n`;
}

/** Region -> labels, in the convention of a file whose class k is `labels[k]`. */
export function regionsInFile(
  bank: Pick<Bank, "regions" | "labels">,
  labels: readonly number[],
): Record<string, number[]> {
  const inFile = (label: number) => labels[bank.labels.indexOf(label)];
  return Object.fromEntries(Object.entries(bank.regions).map(([region, own]) => [region, own.map(inFile)]));
}

/** Region -> ml. */
export function measureVolumes({ grid, data }: LabelMap, regions: Readonly<Record<string, readonly number[]>>) {
  const counts = new Uint32Array(256);
  const next = findNonZero(data);
  for (let i = next(0); i < data.length; i = next(i + 1)) counts[data[i]]++;
  const voxelsOf = (labels: readonly number[]) => labels.reduce((sum, label) => sum + counts[label], 0);
  return Object.fromEntries(
    Object.entries(regions).map(([region, labels]) => [region, volumeMl(voxelsOf(labels), grid)]),
  );
}

/** The report for a reader: one aligned line a subject. */
export function describeCase(report: CaseReport): string {
  const { metrics, lost, postprocess, curve, volumesMl, activation, flops, seconds, candidates } = report;
  const measured = (name: "dice" | "hd95") =>
    Object.fromEntries(Object.entries(metrics ?? {}).map(([region, values]) => [region, values[name]]));
  const lines: [string, string | undefined][] = [
    ["Dice", metrics && list(measured("dice"), (value) => value.toFixed(4))],
    ["HD95", metrics && list(measured("hd95"), (value) => `${value.toFixed(2)} mm`)],
    ["volume", list(volumesMl, (value) => `${value.toFixed(2)} ml`)],
    ["cleaned", postprocess && list(postprocess, (voxels) => `${voxels} voxels`)],
    ["routing", list(activation, (value) => `${(100 * value).toFixed(1)} %`)],
    ["lost", lost && `tumour voxels in skipped windows only: ${list(lost, describeLost)}`],
    ["target", curve && curve.lambda !== null ? describeTarget(curve) : undefined],
    ["FLOPs", candidates.length > 1 ? describeFlops(flops, candidates[candidates.length - 1]) : giga(flops.paper)],
    ["seconds", list(seconds, (value) => value.toFixed(2))],
    ["memory", `${report.peakMemoryMb.toFixed(0)} MB at the highest`],
  ];
  const known = lines.filter(([, text]) => text !== undefined);
  return [report.case, ...known.map(([name, text]) => `  ${name.padEnd(8)} ${text}`)].join("\n");
}

function list<T>(values: Readonly<Record<string, T>>, format: (value: T) => string): string {
  const entries = Object.entries(values).map(([name, value]) => `${name} ${format(value)}`);
  return entries.join("  ");
}

const describeLost = ({ lost, total }: Lost): string =>
  total === 0 ? "none there" : `${lost} of ${total} (${((100 * lost) / total).toFixed(2)} %)`;

const describeTarget = ({ unit, here, lambda }: NonNullable<CaseReport["curve"]>): string =>
  `${here.cost.toFixed(1)} ${unit}, expected Dice of a window ${here.expectedDice.toFixed(4)}; ` +
  `lambda ${lambda?.toPrecision(3)} a ${unit}`;

/** Of the cases with a truth. */
export interface ReportsSummary {
  readonly cases: number;
  /** Region -> mean. */
  readonly dice: Readonly<Record<string, number>>;
  /** Region -> voxels of all cases together. */
  readonly lost: Readonly<Record<string, Lost>>;
}

/** Undefined where no case has a truth. */
export function summarizeReports(reports: readonly Pick<CaseResult, "metrics" | "lost">[]): ReportsSummary | undefined {
  const measured = reports.flatMap(({ metrics, lost }) => (metrics && lost ? [{ metrics, lost }] : []));
  if (measured.length === 0) return undefined;
  const sum = (of: (one: (typeof measured)[number]) => number) => measured.reduce((total, one) => total + of(one), 0);
  const byRegion = <T>(of: (region: string) => T): Record<string, T> =>
    Object.fromEntries(Object.keys(measured[0].metrics).map((region) => [region, of(region)]));
  return {
    cases: measured.length,
    dice: byRegion((region) => sum(({ metrics }) => metrics[region].dice) / measured.length),
    lost: byRegion((region) => ({
      lost: sum(({ lost }) => lost[region].lost),
      total: sum(({ lost }) => lost[region].total),
    })),
  };
}

export const describeSummary = ({ cases, dice, lost }: ReportsSummary): string =>
  `${cases} cases with truth: mean Dice ${list(dice, (value) => value.toFixed(4))}; ` +
  `tumour voxels in skipped windows only: ${list(lost, describeLost)}`;

/** Operations in G: three decimals below 10 G. */
export const giga = (flops: number): string => `${(flops / 1e9).toFixed(flops < 1e10 ? 3 : 1)} G`;

/** In the paper's counting, without the decision network unless it says so. */
function describeFlops({ paper, withDecision, alwaysLargest }: CaseReport["flops"], largest: string): string {
  const ratio = (flops: number) =>
    flops > 0 ? `${(alwaysLargest.paper / flops).toFixed(2)} times as many` : "none needed";
  return (
    `${giga(paper)}, ${giga(withDecision.paper)} with the decision network; ` +
    `always ${largest} ${giga(alwaysLargest.paper)}: ${ratio(withDecision.paper)}`
  );
}
