/** @file `med-danet postprocess`: which rules of post-processing pay, on predictions that have a truth. */

import { z } from "zod";
import { UserError } from "../../error.ts";
import type { RegionMetrics, Regions } from "../../eval/case-metrics.ts";
import { formatText, type Table } from "../../report/table.ts";
import { defineCommand } from "../command.ts";
import { openDescription, pairFiles, pairOptions, readPair } from "../label-pairs.ts";
import { json } from "../option.ts";
import {
  averageTrials,
  bestTrials,
  type Enclosing,
  enclosableRegions,
  encloseTrials,
  nestedRegions,
  type Thresholds,
  type Trial,
  type Tried,
  thresholdTrials,
  tryRules,
} from "../postprocess/search.ts";

const voxels = z
  .string()
  .regex(/^\d+(,\d+)*$/, "must be whole numbers of voxels such as 0,50,200")
  .transform((text) => [...new Set([0, ...text.split(",").map(Number)])].sort((a, b) => a - b));
const thresholds = (defaults: string) => voxels.default(() => voxels.parse(defaults));

const shares = z
  .string()
  .default("0,0.03,0.06,0.1")
  .transform((text) => text.split(",").map(Number))
  .refine((list) => list.every((share) => share >= 0 && share <= 1), "must be numbers from 0 to 1 such as 0,0.05,0.1");

/** What is tried on every case, and how it is told. */
interface Search<T extends Tried> {
  title(cases: number): string;
  /** Goes into the JSON too. */
  readonly context: object;
  readonly columns: Table["columns"];
  readonly trials: readonly T[];
  cells(trial: T): Table["rows"][number];
  /** As `train --set` takes it. */
  settings(trial: T): string[];
}

export const postprocess = defineCommand({
  options: {
    ...pairOptions,
    components: {
      flags: "--components <list>",
      help: "drop connected parts under so many voxels (default: 0,10,20,50,100,200,500,1000,2000)",
      value: thresholds("10,20,50,100,200,500,1000,2000"),
    },
    below: {
      flags: "--below <list>",
      help: "relabel an innermost region (ET) under so many voxels in all (default: 0,10,20,50,100,200,500,1000)",
      value: thresholds("10,20,50,100,200,500,1000"),
    },
    enclose: {
      flags: "--enclose <list>",
      help: "instead of thresholds: make a middle region (TC) what the inner one (ET) encloses, closed by these radii",
      value: voxels.optional(),
    },
    share: {
      flags: "--share <list>",
      help: "with --enclose, where the inner region is so much of the foreground or more (default: 0,0.03,0.06,0.1)",
      value: shares,
    },
    json,
  },
  examples: [
    "med-danet segment cases/ --bank banks/brats --out raw --no-postprocess",
    "med-danet postprocess --truth cases/ --pred raw",
    "med-danet postprocess --truth cases/ --pred raw --enclose 4,8,12,16",
  ],
  async run(_inputs, options, { print, onProgress, signal }) {
    const dataset = await openDescription(options);
    const { regions } = dataset;
    const pairs = await pairFiles(options.truth, options.pred, dataset);
    const carryOut = async <T extends Tried>(search: Search<T>) => {
      const cases: RegionMetrics[][] = [];
      for (const [done, pair] of pairs.entries()) {
        onProgress({ stage: "cases", done, total: pairs.length });
        signal.throwIfAborted();
        const measuring = readPair(pair, dataset).then((maps) => tryRules(maps, { regions, trials: search.trials }));
        cases.push(await named(pair.id, measuring));
        await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C needs a turn of the event loop
      }
      onProgress({ stage: "cases", done: pairs.length, total: pairs.length });
      print(report(search, cases, options.json));
    };
    const { enclose: radii, share: shares } = options;
    if (radii === undefined) return carryOut(thresholdSearch(regions, options));
    return carryOut(encloseSearch(regions, { radii, shares, id: dataset.id }));
  },
});

function thresholdSearch(regions: Regions, lists: { components: number[]; below: number[] }): Search<Thresholds> {
  const becomes = nestedRegions(regions);
  const rules = Object.entries(becomes).map(([region, label]) => `${region} becomes label ${label}`);
  return {
    title: (cases) =>
      `Thresholds in voxels, means over ${cases} cases${rules.length > 0 ? `; below: ${rules.join(", ")}` : ""}`,
    context: { becomes },
    columns: [
      { title: "component", unit: "count" },
      { title: "below", unit: "count" },
    ],
    trials: thresholdTrials(becomes, lists),
    cells: ({ minComponent, below }) => [minComponent, below],
    settings: ({ minComponent, below }) => [
      `postprocess.minComponent=${minComponent}`,
      ...Object.keys(becomes).map((region) => `postprocess.minRegion.${region}.below=${below}`),
    ],
  };
}

function encloseSearch(
  regions: Regions,
  { id, ...lists }: { radii: number[]; shares: number[]; id: string },
): Search<Enclosing> {
  const rules = enclosableRegions(regions);
  if (Object.keys(rules).length === 0)
    throw new UserError(`--enclose needs a region with one in it and one around it; ${id} has none`);
  return {
    title: (cases) => `Regions that are what another one encloses, means over ${cases} cases`,
    context: { rules },
    columns: [
      { title: "region" },
      { title: "by" },
      { title: "share", unit: "fraction" },
      { title: "radius", unit: "count" },
    ],
    trials: encloseTrials(rules, lists),
    cells: ({ region, share, radius }) => [region, rules[region]!.by, share, radius],
    settings: (trial) => [`postprocess.encloseRegion=${JSON.stringify(trial.rules.encloseRegion)}`],
  };
}

async function named<T>(id: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UserError ? new UserError(`case "${id}": ${error.message}`) : error;
  }
}

function report<T extends Tried>(search: Search<T>, cases: readonly RegionMetrics[][], json: boolean): string {
  const rows = averageTrials(search.trials, cases);
  const best = bestTrials(rows);
  if (json) return JSON.stringify({ schemaVersion: 1, cases: cases.length, ...search.context, rows, best }, null, 2);
  const describe = (trial: Trial<T>) => {
    const settings = search.settings(trial).map((one) => `--set ${one}`);
    return `${trial.mean.dice.toFixed(4)}, ${trial.mean.hd95.toFixed(2)} mm with ${settings.join(" ")}`;
  };
  return [
    formatText(trialTable(search, rows, cases.length)),
    `best mean Dice: ${describe(best.dice)}`,
    `best mean HD95: ${describe(best.hd95)}`,
  ].join("\n");
}

function trialTable<T extends Tried>(
  { title, columns, cells }: Search<T>,
  rows: readonly Trial<T>[],
  cases: number,
): Table {
  const names = [...Object.keys(rows[0]!.dice), "mean"];
  return {
    title: title(cases),
    columns: [
      ...columns,
      ...names.map((name) => ({ title: `Dice ${name}`, unit: "fraction" as const })),
      ...names.map((name) => ({ title: `HD95 ${name}`, unit: "mm" as const })),
    ],
    rows: rows.map((trial) => [
      ...cells(trial),
      ...[...Object.values(trial.dice), trial.mean.dice],
      ...[...Object.values(trial.hd95), trial.mean.hd95],
    ]),
  };
}
