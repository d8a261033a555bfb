/**
 * @file A whole case from files to files in a process of its own, without its truth, as in use: dynamic against always the
 * largest candidate.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { datasets } from "../../data/index.ts";
import { findCases } from "../../data/load.ts";
import { openFolder } from "../../node/folder.ts";
import type { CaseReport } from "../../report/case-report.ts";

export interface SegmentationFigures {
  readonly policy: string;
  /** From reading the files to the last result. */
  readonly seconds: number;
  /** Inside ONNX Runtime's `run` calls. */
  readonly runtimeSeconds: number;
  readonly peakMemoryMb: number;
  /** Of one case, in the paper's counting, with the decision network. */
  readonly flops: number;
}

/** Segments `input` once with each policy. Throws the command's own line when it fails. */
export async function benchSegmentation(
  input: string,
  { bank, policies, device, threads }: { bank: string; policies: readonly string[]; device: string; threads: number },
): Promise<SegmentationFigures[]> {
  const out = await mkdtemp(join(tmpdir(), "med-danet-bench-"));
  const results: SegmentationFigures[] = [];
  try {
    await copyImages(input, join(out, "case"));
    for (const policy of policies) {
      const args = [
        join(out, "case"),
        "--bank",
        bank,
        "--out",
        join(out, "results"),
        "--policy",
        policy,
        "--device",
        device,
        "--threads",
        String(threads),
      ];
      results.push(figuresOf(await runSegment([...args, "--force", "--json"])));
    }
  } finally {
    await rm(out, { recursive: true });
  }
  return results;
}

/** The channels of the first case below `input`. */
async function copyImages(input: string, to: string) {
  const [files] = await findCases(datasets.brats, openFolder(input));
  await mkdir(to);
  for (const path of Object.values(files!.channels)) await copyFile(join(input, path), join(to, basename(path)));
}

async function runSegment(args: readonly string[]): Promise<CaseReport> {
  // The program that is running now, with its own loader if it has one.
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "segment", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`bench: segment ended with ${code}`);
  return (JSON.parse(text) as { cases: CaseReport[] }).cases[0]!;
}

function figuresOf({ policy, seconds, flops, candidates, peakMemoryMb }: CaseReport): SegmentationFigures {
  const inside = ["decision", ...candidates].map((stage) => seconds[stage] ?? 0);
  return {
    policy,
    seconds: seconds["total"]!,
    runtimeSeconds: inside.reduce((a, b) => a + b, 0),
    peakMemoryMb,
    flops: flops.withDecision.paper,
  };
}
