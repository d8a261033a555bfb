/** @file `med-danet evaluate`: metrics of predictions that lie in a folder, whoever made them. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import type { CaseFiles, Dataset } from "../../data/dataset.ts";
import { findLabels } from "../../data/load.ts";
import { datasetIds, describeDataset } from "../../data/open.ts";
import { UserError } from "../../error.ts";
import { type CaseMetrics, countRegions, measureCase } from "../../eval/case-metrics.ts";
import { openFolder } from "../../node/folder.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder } from "../../platform.ts";
import { createMetricsReport, reportFormats } from "../../report/metrics-report.ts";
import type { LabelMap } from "../../volume/grid.ts";
import { readNiftiLabels } from "../../volume/nifti.ts";
import { relabel, relabelTable } from "../../volume/relabel.ts";
import { defineCommand } from "../command.ts";
import { flag, json } from "../option.ts";

export const evaluate = defineCommand({
  options: {
    truth: {
      flags: "--truth <dir>",
      help: "folder of cases, of <case>_seg.nii.gz or of <case>.nii.gz files",
      value: z.string(),
    },
    pred: { flags: "--pred <dir>", help: "folder of <case>_seg.nii.gz or <case>.nii.gz files", value: z.string() },
    dataset: {
      flags: "--dataset <id>",
      help: `labels and regions: ${datasetIds.join(", ")} (default: brats); decathlon reads dataset.json in or above --truth`,
      value: z.string().default("brats"),
    },
    bank: { flags: "--bank <dir>", help: "labels and regions of this bank instead", value: z.string().optional() },
    json,
    csv: { flags: "--csv", help: "print one wide table as CSV", value: flag() },
    md: { flags: "--md", help: "print tables in Markdown", value: flag() },
  },
  examples: [
    "med-danet evaluate --truth cases/ --pred results/ --md",
    "med-danet evaluate --truth Task04_Hippocampus/labelsTr --pred results/ --dataset decathlon",
  ],
  async run(_inputs, options, context) {
    const formats = (["json", "csv", "md"] as const).filter((format) => options[format]);
    if (formats.length > 1) throw new UserError(`choose one of --json, --csv, --md; found ${formats.length} of them`);
    const dataset = await openDescription(options);
    const pairs = await pairFiles(options.truth, options.pred, dataset);
    const cases: CaseMetrics[] = [];
    const failed: string[] = [];
    for (const [done, pair] of pairs.entries()) {
      context.onProgress({ stage: "cases", done, total: pairs.length });
      context.signal.throwIfAborted();
      try {
        cases.push({ id: pair.id, ...(await measurePair(pair, dataset)) });
      } catch (error) {
        if (!(error instanceof UserError) || pairs.length === 1) throw error;
        failed.push(pair.id);
        context.complain(`case "${pair.id}": ${error.message}`);
      }
      // Reading may be served without a turn of the event loop; Ctrl-C needs one.
      await new Promise((resolve) => setImmediate(resolve));
    }
    context.onProgress({ stage: "cases", done: pairs.length, total: pairs.length });
    if (cases.length > 0) {
      const report = createMetricsReport(cases);
      const [format = "text"] = formats;
      context.print(format === "json" ? JSON.stringify(report, null, 2) : reportFormats[format](report).trimEnd());
    }
    if (failed.length > 0)
      throw new UserError(`${failed.length} of ${pairs.length} cases failed: ${failed.join(", ")}`);
  },
});

type Description = Pick<Dataset, "id" | "labels" | "otherLabels" | "regions" | "recognise" | "globalDice">;

async function openDescription(options: { truth: string; dataset: string; bank?: string | undefined }) {
  if (options.bank !== undefined) return datasetOf(await readBank(openFolder(options.bank)));
  return describeDataset(options.dataset, [openFolder(options.truth), openFolder(dirname(resolve(options.truth)))]);
}

interface Labels {
  readonly files: CaseFiles;
  readonly folder: Folder;
}

interface Pair {
  readonly id: string;
  readonly truth: Labels;
  readonly prediction: Labels;
}

/** Every prediction with its truth. Throws `UserError` for a prediction without one; truths without prediction are left out. */
async function pairFiles(truthPath: string, predictionPath: string, dataset: Description): Promise<Pair[]> {
  const [truths, predictions] = await Promise.all(
    [truthPath, predictionPath].map((path) => findLabelMaps(path, dataset)),
  );
  return [...predictions].map(([id, prediction]) => {
    const truth = truths.get(id);
    if (truth) return { id, truth, prediction };
    throw new UserError(`case "${id}" of ${predictionPath} needs a truth ${id}_seg.nii.gz in ${truthPath}, found none`);
  });
}

async function findLabelMaps(path: string, dataset: Description): Promise<Map<string, Labels>> {
  const folder = openFolder(path);
  const paths = await folder.list();
  const named = dataset.recognise(paths).filter(({ truth }) => truth !== undefined);
  const alone = (path: string) => (named.length > 0 ? dataset.recognise([path]) : takePlain(path, dataset));
  const cases = named.length > 0 ? named : paths.flatMap(alone);
  if (cases.length === 0) throw new UserError(`${path}: must hold label maps such as CASE_seg.nii.gz, found none`);
  requireOneEach(path, paths, alone);
  return new Map(cases.map((files) => [files.id, { files, folder }]));
}

/** CASE.nii.gz as a label map: in a folder where no name says what a file is. */
function takePlain(path: string, { labels }: Description): CaseFiles[] {
  const id = /(?:^|\/)([^/.][^/]*?)\.nii(?:\.gz)?$/i.exec(path)?.[1];
  return id === undefined ? [] : [{ id, channels: {}, truth: path, labels }];
}

/** Throws `UserError` when two label maps are of one case: which of them is meant cannot be known. */
function requireOneEach(folder: string, paths: readonly string[], recogniseAlone: (path: string) => CaseFiles[]) {
  const owner = new Map<string, string>();
  for (const path of paths) {
    const [alone] = recogniseAlone(path);
    if (alone?.truth === undefined) continue;
    const earlier = owner.get(alone.id);
    if (earlier)
      throw new UserError(`${folder}: case "${alone.id}" must have one label map, found ${earlier} and ${path}`);
    owner.set(alone.id, path);
  }
}

async function measurePair({ truth, prediction }: Pair, dataset: Description) {
  const maps = { truth: await readLabels(truth, dataset), prediction: await readLabels(prediction, dataset) };
  const input = { ...maps, regions: dataset.regions };
  return { regions: measureCase(input), ...(dataset.globalDice && { overlaps: countRegions(input) }) };
}

/** A label map in the data set's own label convention, whichever of its conventions the file uses. */
async function readLabels({ files, folder }: Labels, dataset: Description): Promise<LabelMap> {
  const path = files.truth!;
  const name = `${folder.name}/${path}`;
  const map = await readNiftiLabels(await folder.read(path), nodeGzip, name);
  const labels = findLabels(map, name, { files, dataset });
  return { ...map, data: relabel(map.data, relabelTable(labels, dataset.labels)) };
}
