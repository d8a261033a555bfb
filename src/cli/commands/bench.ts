/** @file `med-danet bench`: speed and memory, as ratios of runs that took turns in the same minutes. */

import { availableParallelism } from "node:os";
import { z } from "zod";
import { createNodeRuntime } from "../../node/runtime.ts";
import { recipes } from "../../recipes/index.ts";
import { formatText, type Table } from "../../report/table.ts";
import { startPeer } from "../bench/peer.ts";
import { benchSegmentation, type SegmentationFigures } from "../bench/segmentation.ts";
import { benchPeak, benchSteps, type Comparison } from "../bench/steps.ts";
import { defineCommand } from "../command.ts";
import { device, json, threads } from "../option.ts";
import { packaged } from "../packaged.ts";
import { version } from "../version.ts";

export const bench = defineCommand({
  options: {
    bank: {
      flags: "--bank <dir>",
      help: "model bank (default: the bundled one)",
      value: z.string().default(packaged("banks/brats")),
    },
    case: {
      flags: "--case <dir>",
      help: "case to segment (default: the bundled one)",
      value: z.string().default(packaged("examples/BraTS2021_01481")),
    },
    rounds: {
      flags: "--rounds <n>",
      help: "timed runs of each training step",
      value: z.coerce.number().int().positive().default(7),
    },
    batch: {
      flags: "--batch <n>",
      help: "images in a training step (default: 8)",
      value: z.coerce.number().int().positive().default(8),
    },
    device,
    threads,
    json,
  },
  examples: ["med-danet bench", "med-danet bench --rounds 3 --json", "med-danet bench --device cuda --batch 64"],
  async run(_, options, { print, note, onProgress }) {
    const { threads = availableParallelism(), rounds, device, batch } = options;
    onProgress({ stage: "whole case", done: 0, total: 1 });
    const policies = ["dynamic", "M4"];
    const segmentation = await benchSegmentation(options.case, { bank: options.bank, policies, device, threads });
    const runtime = await createNodeRuntime({ device, threads, onNote: note });
    const peer = await startPeer({ device: device === "cuda" ? "cuda" : "cpu", threads, batch });
    if (!peer) note("PyTorch peer: not installed (Debian: python3-torch), ours alone is timed");
    onProgress({ stage: "training steps", done: 0, total: 1 });
    const peak = await benchPeak(runtime, peer, rounds);
    const steps = await benchSteps(runtime, recipes.brats, { peer, rounds, batch });
    await peer?.close();
    const result = {
      version,
      runtime: runtime.name,
      device,
      threads,
      batch,
      torch: peer?.version ?? null,
      segmentation,
      peak,
      steps,
    };
    if (options.json) return print(JSON.stringify(result, null, 2));
    print([segmentationTable(segmentation), stepTable(peak, steps, batch)].map(formatText).join("\n"));
  },
});

function segmentationTable(figures: readonly SegmentationFigures[]): Table {
  const [dynamic, largest] = figures as [SegmentationFigures, SegmentationFigures];
  const row = (f: SegmentationFigures) => [
    ...[f.policy, `${f.seconds.toFixed(1)} s`, `${((100 * (f.seconds - f.runtimeSeconds)) / f.seconds).toFixed(1)} %`],
    ...[`${(f.flops / 1e9).toFixed(0)} G`, `${f.peakMemoryMb.toFixed(0)} MB`],
  ];
  const ratio = [
    ...[`${largest.policy} / ${dynamic.policy}`, (largest.seconds / dynamic.seconds).toFixed(2), ""],
    ...[(largest.flops / dynamic.flops).toFixed(2), (largest.peakMemoryMb / dynamic.peakMemoryMb).toFixed(2)],
  ];
  const titles = ["policy", "whole case", "outside ONNX Runtime", "FLOPs (paper)", "peak memory"];
  return {
    title: "One case of 240x240x155 without truth, files to files",
    columns: titles.map((title) => ({ title })),
    rows: [...figures.map(row), ratio],
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
