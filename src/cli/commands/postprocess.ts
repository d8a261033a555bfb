/** @file `med-danet postprocess`: which thresholds of post-processing pay, on predictions that have a truth. */

import { z } from "zod";
import { UserError } from "../../error.ts";
import type { RegionMetrics } from "../../eval/case-metrics.ts";
import { formatText, type Table } from "../../report/table.ts";
import { defineCommand } from "../command.ts";
import { openDescription, pairFiles, pairOptions, readPair } from "../label-pairs.ts";
import { json } from "../option.ts";
import {
  averageTrials,
  bestTrials,
  nestedRegions,
  type Thresholds,
  type Trial,
  tryThresholds,
} from "../postprocess/search.ts";

const thresholds = (defaults: string) =>
  z
    .string()
    .regex(/^\d+(,\d+)*$/, "must be whole numbers of voxels such as 0,50,200")
    .default(defaults)
    .transform((text) => [...new Set([0, ...text.split(",").map(Number)])].sort((a, b) => a - b));

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
    json,
  },
  examples: [
    "med-danet segment cases/ --bank banks/brats --out raw --no-postprocess",
    "med-danet postprocess --truth cases/ --pred raw",
  ],
  async run(_inputs, options, { print, onProgress, signal }) {
    const dataset = await openDescription(options);
    const { regions } = dataset;
    const becomes = nestedRegions(regions);
    const below = Object.keys(becomes).length > 0 ? options.below : [0];
    const trials = options.components.flatMap((minComponent) => below.map((below) => ({ minComponent, below })));
    const pairs = await pairFiles(options.truth, options.pred, dataset);
    const cases: RegionMetrics[][] = [];
    for (const [done, pair] of pairs.entries()) {
      onProgress({ stage: "cases", done, total: pairs.length });
      signal.throwIfAborted();
      cases.push(tryThresholds(await named(pair.id, readPair(pair, dataset)), { regions, trials }));
      await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C needs a turn of the event loop
    }
    onProgress({ stage: "cases", done: pairs.length, total: pairs.length });
    const rows = averageTrials(trials, cases);
    const best = bestTrials(rows);
    if (options.json)
      return print(JSON.stringify({ schemaVersion: 1, cases: cases.length, becomes, rows, best }, null, 2));
    print(formatText(trialTable(rows, becomes, cases.length)));
    print(`best mean Dice: ${describe(best.dice, becomes)}`);
    print(`best mean HD95: ${describe(best.hd95, becomes)}`);
  },
});

async function named<T>(id: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UserError ? new UserError(`case "${id}": ${error.message}`) : error;
  }
}

function trialTable(rows: readonly Trial[], becomes: Readonly<Record<string, number>>, cases: number): Table {
  const regions = Object.keys(rows[0]!.dice);
  const rules = Object.entries(becomes).map(([region, label]) => `${region} becomes label ${label}`);
  return {
    title: `Thresholds in voxels, means over ${cases} cases${rules.length > 0 ? `; below: ${rules.join(", ")}` : ""}`,
    columns: [
      { title: "component", unit: "count" },
      { title: "below", unit: "count" },
      ...[...regions, "mean"].map((name) => ({ title: `Dice ${name}`, unit: "fraction" as const })),
      ...[...regions, "mean"].map((name) => ({ title: `HD95 ${name}`, unit: "mm" as const })),
    ],
    rows: rows.map(({ minComponent, below, dice, hd95, mean }) => [
      ...[minComponent, below],
      ...[...Object.values(dice), mean.dice],
      ...[...Object.values(hd95), mean.hd95],
    ]),
  };
}

/** As `train` takes it. */
function describe(
  { minComponent, below, mean }: Thresholds & Pick<Trial, "mean">,
  becomes: Readonly<Record<string, number>>,
) {
  const settings = [
    `postprocess.minComponent=${minComponent}`,
    ...Object.keys(becomes).map((region) => `postprocess.minRegion.${region}.below=${below}`),
  ];
  return `${mean.dice.toFixed(4)}, ${mean.hd95.toFixed(2)} mm with ${settings.map((one) => `--set ${one}`).join(" ")}`;
}
