/** @file `med-danet bench`: speed and memory, as ratios of runs that took turns in the same minutes. */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../error.ts";
import { createNodeRuntime, type Device } from "../../node/runtime.ts";
import { recipes } from "../../recipes/index.ts";
import { formatText, type Table } from "../../report/table.ts";
import { findChromium } from "../bench/chromium.ts";
import { benchPage, type PageFigures } from "../bench/page.ts";
import { startPeer } from "../bench/peer.ts";
import { benchSegmentation, type SegmentationFigures } from "../bench/segmentation.ts";
import { benchPeak, benchSteps, type Comparison } from "../bench/steps.ts";
import { type Context, defineCommand } from "../command.ts";
import { bundledBank, count, device, json, threads } from "../option.ts";
import { packaged } from "../packaged.ts";
import { locatePage } from "../serve/locate-page.ts";
import { version } from "../version.ts";

export const bench = defineCommand({
  options: {
    bank: bundledBank,
    case: {
      flags: "--case <dir>",
      help: "case to segment (default: the bundled one)",
      value: z.string().default(packaged("examples/BraTS2021_01481")),
    },
    rounds: { flags: "--rounds <n>", help: "timed runs of each training step", value: count.default(7) },
    batch: { flags: "--batch <n>", help: "images in a training step (default: 8)", value: count.default(8) },
    browser: {
      flags: "--browser <path>",
      help: "Chromium or Chrome for the page's figures (default: where one is usually installed)",
      value: z.string().optional(),
    },
    only: {
      flags: "--only <part>",
      help: "case (command line and page) or steps (of training); default: both",
      value: z.enum(["case", "steps"]).optional(),
    },
    device,
    threads,
    json,
  },
  examples: [
    "med-danet bench",
    "med-danet bench --rounds 3 --json",
    "med-danet bench --only case --browser /usr/bin/chromium",
  ],
  async run(_, options, context) {
    const { threads = availableParallelism(), device, batch, only } = options;
    const settings = { ...options, threads };
    const cases = only === "steps" ? undefined : await benchCase(settings, context);
    const training = only === "case" ? undefined : await benchTraining(settings, context);
    if (options.json) {
      return context.print(JSON.stringify({ version, device, threads, batch, ...cases, ...training }, null, 2));
    }
    const tables = [
      ...(cases ? [segmentationTable(cases.segmentation)] : []),
      ...(cases?.page ? [pageTable(cases.page, cases.segmentation[0]!)] : []),
      ...(training ? [stepTable(training.peak, training.steps, batch)] : []),
    ];
    context.print(tables.map(formatText).join("\n"));
  },
});

interface Settings {
  readonly bank: string;
  readonly case: string;
  readonly browser: string | undefined;
  readonly device: Device;
  readonly threads: number;
  readonly rounds: number;
  readonly batch: number;
}

/** A case by the command line, then in the page; `page` is null where there is nothing to run it, which is told. */
async function benchCase({ browser, ...settings }: Settings, { note, onProgress }: Context) {
  const work = await mkdtemp(join(tmpdir(), "med-danet-bench-"));
  try {
    onProgress({ stage: "whole case", done: 0, total: 1 });
    const segmentation = await benchSegmentation(settings.case, { ...settings, policies: ["dynamic", "M4"], work });
    onProgress({ stage: "whole case in the page", done: 0, total: 1 });
    const program = browser ?? findChromium();
    const page = await benchPage({ ...settings, work, program, folders: locatePage(settings.bank) }).catch(
      (error: Error) => {
        if (!(error instanceof UserError) || browser !== undefined) throw error;
        note(`the page is left out: ${error.message}`);
        return null;
      },
    );
    return { segmentation, page };
  } finally {
    await rm(work, { recursive: true });
  }
}

async function benchTraining({ device, threads, rounds, batch }: Settings, { note, onProgress }: Context) {
  const runtime = await createNodeRuntime({ device, threads, onNote: note });
  const peer = await startPeer({ device: device === "cuda" ? "cuda" : "cpu", threads, batch });
  if (!peer) note("PyTorch peer: not installed (Debian: python3-torch), ours alone is timed");
  onProgress({ stage: "training steps", done: 0, total: 1 });
  const peak = await benchPeak(runtime, peer, rounds);
  // The paper's networks with their dropout, as the peer has them.
  const steps = await benchSteps(runtime, recipes["brats-paper"], { peer, rounds, batch });
  await peer?.close();
  return { runtime: runtime.name, torch: peer?.version ?? null, peak, steps };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function segmentationTable(figures: readonly SegmentationFigures[]): Table {
  const [dynamic, largest] = figures as [SegmentationFigures, SegmentationFigures];
  const row = (f: SegmentationFigures) => [
    ...[f.policy, `${f.seconds.toFixed(1)} s`, percent((f.seconds - f.runtimeSeconds) / f.seconds)],
    ...[`${f.cpuSeconds.toFixed(1)} s`, `${(f.flops / 1e9).toFixed(0)} G`, `${f.peakMemoryMb.toFixed(0)} MB`],
  ];
  const ratio = [
    ...[`${largest.policy} / ${dynamic.policy}`, (largest.seconds / dynamic.seconds).toFixed(2), ""],
    (largest.cpuSeconds / dynamic.cpuSeconds).toFixed(2),
    ...[(largest.flops / dynamic.flops).toFixed(2), (largest.peakMemoryMb / dynamic.peakMemoryMb).toFixed(2)],
  ];
  const titles = ["policy", "whole case", "outside ONNX Runtime", "CPU", "FLOPs (paper)", "peak memory"];
  return {
    title: "One case of 240x240x155 without truth, files to files",
    columns: titles.map((title) => ({ title })),
    rows: [...figures.map(row), ratio],
  };
}

function pageTable(page: PageFigures, node: SegmentationFigures): Table {
  const { openSeconds, segmentSeconds, engineSeconds, peakMemoryMb, differing, voxels } = page;
  const whole = openSeconds + segmentSeconds;
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  const rows = [
    ["whole case, opened and segmented", seconds(whole)],
    ["inside its engine", seconds(engineSeconds)],
    [
      "added to that by the page: opening; the rest",
      `${percent(openSeconds / engineSeconds)}; ${percent(segmentSeconds / engineSeconds - 1)}`,
    ],
    ["CPU time", seconds(page.cpuSeconds)],
    [
      "in ratio to the command line: time; CPU",
      `${(whole / node.seconds).toFixed(2)}; ${(page.cpuSeconds / node.cpuSeconds).toFixed(2)}`,
    ],
    [
      "peak memory of the page's process",
      peakMemoryMb === null ? "measured on Linux only" : `${peakMemoryMb.toFixed(0)} MB`,
    ],
    ["voxels that differ from the command line's", `${differing} of ${voxels}`],
    ["the page's own code, gzipped", `${(page.codeBytesGzipped / 1000).toFixed(0)} kB`],
    ["first view", `${page.firstViewSeconds.toFixed(2)} s`],
  ];
  return {
    title: `The same case in the page: ${page.browser}, WebAssembly on ${page.threads} threads, policy ${node.policy}`,
    columns: [{ title: "measure" }, { title: "found" }],
    rows,
  };
}

function stepTable(peak: Comparison, steps: readonly Comparison[], batch: number): Table {
  const peakRate = peak.gmacs / peak.ours.wallSeconds;
  const row = ({ name, ours, peer, gmacs }: Comparison) => [
    ...[name, ours.wallSeconds.toFixed(3), ours.cpuSeconds.toFixed(3)],
    ...(peer
      ? [
          peer.wallSeconds.toFixed(3),
          peer.cpuSeconds.toFixed(3),
          (ours.wallSeconds / peer.wallSeconds).toFixed(2),
          (ours.cpuSeconds / peer.cpuSeconds).toFixed(2),
        ]
      : ["-", "-", "-", "-"]),
    `${((100 * gmacs) / ours.wallSeconds / peakRate).toFixed(0)} %`,
  ];
  const titles = ["run", "wall s", "CPU s", "PyTorch wall", "PyTorch CPU", "wall ratio", "CPU ratio", "of peak"];
  return {
    title: `Training steps at batch ${batch} of 4x128x128, medians; peak is ${peakRate.toFixed(0)} GMAC/s`,
    columns: titles.map((title) => ({ title })),
    rows: [peak, ...steps].map(row),
  };
}
