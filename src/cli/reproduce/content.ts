/** @file Figures 1 and 4: how much of a slice is tissue and foreground, slice by slice, and which actions its inputs get. */

import type { Bank } from "../../danet/bank.ts";
import { type PreparedCase, prepareCase } from "../../data/prepare.ts";
import type { CaseReport } from "../../report/case-report.ts";
import type { Figure } from "../../report/figure.ts";
import type { Section } from "../../report/html.ts";
import type { Table } from "../../report/table.ts";
import { regionClasses } from "../../train/run.ts";
import { embedPng, type Findings } from "./experiment.ts";
import { dynamicJob, type Lab, loadLabCase, resultFolder, segmentJobs } from "./lab.ts";

export interface SliceContent {
  readonly slice: number;
  /** Share of the slice's pixels that show something. */
  readonly tissue: number;
  /** Region -> pixels in the truth. */
  readonly regions: Readonly<Record<string, number>>;
  /** Pixels of any foreground class, and how many of the classes there are. */
  readonly foreground: number;
  readonly classes: number;
  /** Skip or candidate -> share of the slice's inputs. */
  readonly actions: Readonly<Record<string, number>>;
  /** Of the candidates that ran, the paper's count. */
  readonly gflops: number;
}

/** Cases with figures; the paper shows one. All are in the data and in the table. */
const SHOWN = 4;

/** Of the data set at hand. */
export async function showContent(lab: Lab): Promise<Findings> {
  const { bank, dataset, cases } = lab;
  const job = dynamicJob(bank);
  const [reports] = await segmentJobs(lab, [job]);
  const slices: Record<string, SliceContent[]> = {};
  const regions = regionClasses(dataset);
  for (const [i, one] of cases.entries()) {
    lab.context.onProgress({ stage: "content", done: i, total: cases.length });
    const prepared = prepareCase(await loadLabCase(lab, one), dataset);
    slices[one.files.id] = measureSlices({ prepared, report: reports![i]!, bank, regions });
  }
  const pictures = resultFolder(lab, job);
  const shown = Object.keys(slices).slice(0, SHOWN);
  const sections: Section[] = [summarize(Object.values(slices).flat(), bank)];
  for (const id of shown)
    sections.push({
      title: id,
      figures: plotSlices(slices[id]!),
      pictures: [embedPng(`${id}: slices, and the choice for each input`, await pictures.read(`${id}.png`))],
    });
  return { sections, data: { slices } };
}

/** Of a case in the bank's frame, where its slices were routed. */
export function measureSlices({
  prepared: { size, channels, truth },
  report: { decisions },
  bank: { candidates },
  regions,
}: {
  prepared: Pick<PreparedCase, "size" | "channels" | "truth">;
  report: Pick<CaseReport, "decisions">;
  bank: { candidates: readonly Pick<Bank["candidates"][number], "id" | "flops">[] };
  regions: Readonly<Record<string, readonly number[]>>;
}): SliceContent[] {
  const area = size[0] * size[1];
  const actions = ["skip", ...candidates.map(({ id }) => id)];
  return Array.from({ length: size[2] }, (_, slice) => {
    const counts = new Uint32Array(256); // by class
    for (const value of truth!.subarray(slice * area, (slice + 1) * area)) counts[value]!++;
    const sum = (classes: readonly number[]) => classes.reduce((total, one) => total + counts[one]!, 0);
    const choices = decisions.filter((decision) => decision.slice === slice).map(({ choice }) => choice);
    const shareOf = (k: number) => choices.filter((choice) => choice === k).length / choices.length;
    // Normalized values are 0 outside the brain, and nowhere else.
    const tissue = channels[0]!.subarray(slice * area, (slice + 1) * area).filter((value) => value !== 0).length;
    return {
      ...{ slice, tissue: tissue / area, foreground: area - counts[0]! },
      regions: Object.fromEntries(Object.entries(regions).map(([region, classes]) => [region, sum(classes)])),
      classes: counts.subarray(1).filter((count) => count > 0).length,
      actions: Object.fromEntries(actions.map((action, k) => [action, shareOf(k)])),
      gflops: choices.reduce((total, k) => total + (k > 0 ? candidates[k - 1]!.flops.paper / 1e9 : 0), 0),
    };
  });
}

function plotSlices(slices: readonly SliceContent[]): Figure[] {
  const curve = (
    title: string,
    y: Figure["y"],
    of: (one: SliceContent) => Readonly<Record<string, number>>,
  ): Figure => ({
    ...{ title, mark: "line", x: { label: "slice" }, y },
    points: slices.flatMap((one) => Object.entries(of(one)).map(([series, y]) => ({ x: one.slice, y, series }))),
  });
  const share = (label: string) => ({ label, scale: "percent" }) as const;
  return [
    curve("Pixels that show something", share("share of the slice (%)"), ({ tissue }) => ({ tissue })),
    curve("Foreground in the truth", { label: "pixels" }, ({ regions }) => regions),
    curve("Actions", share("share of the inputs (%)"), ({ actions }) => actions),
    curve("Cost of the networks that ran", { label: "GFLOPs" }, ({ gflops }) => ({ gflops })),
  ];
}

/** Slices of all cases by what they hold: difficulty, and what is spent on it. */
function summarize(slices: readonly SliceContent[], { candidates }: Bank): Section {
  const most = Math.max(...slices.map(({ classes }) => classes));
  const kinds = [
    { name: "shows nothing", holds: ({ tissue, classes }: SliceContent) => tissue === 0 && classes === 0 },
    { name: "no foreground", holds: ({ tissue, classes }: SliceContent) => tissue > 0 && classes === 0 },
    ...Array.from({ length: most }, (_, i) => ({
      name: `foreground of ${i + 1} ${i === 0 ? "class" : "classes"}`,
      holds: ({ classes }: SliceContent) => classes === i + 1,
    })),
  ];
  const actions = ["skip", ...candidates.map(({ id }) => id)];
  const table: Table = {
    title:
      "Slices of all cases by content: means of foreground, FLOPs of the candidates, share of the inputs of each action (%)",
    columns: [
      { title: "slices with" },
      { title: "slices", unit: "count" },
      { title: "share %", unit: "percent" },
      { title: "foreground pixels", unit: "count" },
      { title: "G a slice", unit: "G" },
      ...actions.map((title) => ({ title, unit: "percent" as const })),
    ],
    rows: kinds.map(({ name, holds }) => {
      const found = slices.filter(holds);
      const mean = (of: (one: SliceContent) => number) =>
        found.length > 0 ? found.reduce((sum, one) => sum + of(one), 0) / found.length : null;
      const share = (action: string) => mean(({ actions }) => 100 * actions[action]!);
      return [
        ...[name, found.length, (100 * found.length) / slices.length],
        ...[mean(({ foreground }) => foreground), mean(({ gflops }) => gflops), ...actions.map(share)],
      ];
    }),
  };
  const text = `${slices.length} slices in the bank's frame. Figures of up to ${SHOWN} cases are in the HTML file; the JSON file has every slice of all.`;
  return { title: "Content and cost", text, tables: [table] };
}
