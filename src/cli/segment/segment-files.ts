/** @file One case from its files to its results: read, prepare, segment, restore, measure, draw, write. */

import { deflateSync } from "node:zlib";
import type { Bank } from "../../danet/bank.ts";
import type { Dataset } from "../../data/dataset.ts";
import { loadCase } from "../../data/load.ts";
import { type PreparedCase, prepareCase } from "../../data/prepare.ts";
import { measureCase } from "../../eval/case-metrics.ts";
import { countLost } from "../../infer/lost.ts";
import { choosePolicy, likelyModels } from "../../infer/plan.ts";
import { type Segmentation, type SegmentOptions, segmentCase } from "../../infer/segment.ts";
import { createStopwatch } from "../../infer/stopwatch.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder } from "../../platform.ts";
import { type CaseReport, formatCaseReport, measureVolumes, regionsInFile } from "../../report/case-report.ts";
import { drawCase } from "../../report/segmentation-picture.ts";
import { type Grid, voxelCount } from "../../volume/grid.ts";
import { writeNiftiLabels, writeNiftiStack } from "../../volume/nifti.ts";
import type { Context } from "../command.ts";
import { version } from "../version.ts";
import { type InputCase, probabilitiesName, resultName } from "./find-input-cases.ts";

export interface SegmentFilesOptions
  extends Required<Pick<SegmentOptions, "networks" | "policy" | "setting" | "flips">>,
    Pick<SegmentOptions, "target" | "costs" | "postprocess"> {
  readonly bank: Bank;
  readonly dataset: Dataset;
  readonly out: Folder;
  readonly saveProbabilities?: boolean;
}

/**
 * Writes `<case>_prob.nii.gz` where it is asked for, `<case>.png`, `<case>.json`, then `<case>_seg.nii.gz`: where the last is, all are. Nothing is written before
 * everything is computed. Throws `UserError` for a case that cannot be used.
 */
export async function segmentFiles(
  { files, folder }: InputCase,
  options: SegmentFilesOptions,
  { onProgress, signal }: Pick<Context, "onProgress" | "signal">,
): Promise<CaseReport> {
  const { bank, dataset, out, setting, flips, networks, target, costs } = options;
  const { postprocess = true, saveProbabilities = false } = options;
  const { id } = files;
  const policy = choosePolicy(options.policy, bank);
  const stopwatch = createStopwatch();
  const raw = await stopwatch.time("read", async () => {
    const reading = loadCase(files, folder, { dataset, gzip: nodeGzip, truth: true });
    reading.catch(() => {}); // told where it is awaited
    for (const model of likelyModels(bank, policy)) await networks.load(model); // files inflate on other threads meanwhile
    return reading;
  });
  const prepared = await stopwatch.time("prepare", async () => prepareCase(raw, dataset));
  signal.throwIfAborted();
  const segmentation = await segmentCase(prepared, bank, {
    ...{ networks, policy, setting, flips, target, costs, postprocess, signal },
    probabilities: saveProbabilities,
    onProgress: ({ stage, ...progress }) => onProgress({ stage: `${id}: ${stage}`, ...progress }),
  });
  const labels = await stopwatch.time("restore", async () => prepared.restore(segmentation.classes));
  const packing = writeNiftiLabels(labels.data, raw.source, nodeGzip); // deflates on another thread meanwhile
  const { grid } = raw.source;
  const regions = regionsInFile(bank, raw.labels);
  const metrics = await stopwatch.time("measure", async () =>
    raw.truth ? measureCase({ prediction: labels, truth: { grid, data: raw.truth }, regions }) : undefined,
  );
  const picture = await stopwatch.time("draw", async () =>
    drawCase({ prepared, bank, dataset, segmentation, metrics, deflate: (bytes) => deflateSync(bytes, { level: 4 }) }),
  );
  const nifti = await stopwatch.time("pack", () => packing);
  const probabilities = await packProbabilities(segmentation, prepared, grid);
  const { decisions, activation, flops, seconds, curve, postprocess: cleaned } = segmentation;
  const { truth, size } = prepared;
  const { other: _, total, ...ours } = stopwatch.seconds();
  const report: CaseReport = {
    ...{ schemaVersion: 1, case: id, policy, setting, flips },
    ...{ candidates: bank.candidates.map(({ id }) => id), slices: size[2] },
    volumesMl: measureVolumes(labels, regions),
    ...(metrics && { metrics }),
    ...(truth && { lost: countLost(truth, bank, { size, setting, decisions }) }),
    ...(cleaned && { postprocess: cleaned }),
    ...(curve && { curve }),
    ...{ activation, flops, seconds: { ...ours, ...seconds, total }, decisions },
    peakMemoryMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
    bank: { dataset: bank.dataset, sha256: bank.sha256 },
    versions: { medDanet: version, runtime: networks.runtime, device: networks.device, node: process.version },
  };
  signal.throwIfAborted();
  if (probabilities) await out.write(probabilitiesName(id), probabilities);
  await out.write(`${id}.png`, picture);
  await out.write(`${id}.json`, new TextEncoder().encode(formatCaseReport(report)));
  await out.write(resultName(id), nifti);
  return report;
}

/** A volume a class on the source's grid, which sum to 1 in every voxel: what lies outside the frame is background. */
async function packProbabilities({ probabilities }: Segmentation, { restoreValues }: PreparedCase, grid: Grid) {
  if (probabilities === undefined) return undefined;
  const foreground = probabilities.map(restoreValues);
  const background = new Float32Array(voxelCount(grid)).fill(1);
  for (const values of foreground)
    for (let i = 0; i < values.length; i++) background[i] = Math.max(0, background[i] - values[i]);
  return writeNiftiStack([background, ...foreground], grid, nodeGzip);
}
