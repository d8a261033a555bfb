/**
 * @file A whole case from files to files in a process of its own, without its truth, as in use: dynamic against always the
 * largest candidate.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { datasets } from "../../data/index.ts";
import { findCases } from "../../data/load.ts";
import { openFolder } from "../../node/folder.ts";
import type { CaseReport, CaseResult } from "../../report/case-report.ts";

export interface SegmentationFigures {
  readonly policy: string;
  /** From reading the files to the last result. */
  readonly seconds: number;
  /** Inside ONNX Runtime's `run` calls. */
  readonly runtimeSeconds: number;
  /** Of all threads of the process, its start too. */
  readonly cpuSeconds: number;
  readonly peakMemoryMb: number;
  /** Of one case, in the paper's counting, with the decision network. */
  readonly flops: number;
}

interface SegmentationOptions {
  readonly bank: string;
  readonly policies: readonly string[];
  readonly device: string;
  readonly threads: number;
  /** A folder of its own: gets the images as `case` and the results of each policy. */
  readonly work: string;
}

/** Segments `input` once with each policy. Throws the command's own line when it fails. */
export async function benchSegmentation(
  input: string,
  { bank, policies, device, threads, work }: SegmentationOptions,
): Promise<SegmentationFigures[]> {
  const results: SegmentationFigures[] = [];
  const images = join(work, "case");
  await copyImages(input, images);
  for (const policy of policies) {
    const settings = { bank, out: join(work, policy), policy, device, threads: String(threads) };
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    results.push(figuresOf(await runSegment([images, ...options, "--json"])));
  }
  return results;
}

/** The label map that the command line wrote for what a report tells of. */
export const resultIn = (work: string, { case: id, policy }: CaseResult): Promise<Uint8Array> =>
  readFile(join(work, policy, `${id}_seg.nii.gz`));

/** The channels of the first case below `input`. */
async function copyImages(input: string, to: string) {
  const [files] = await findCases(datasets.brats, openFolder(input));
  await mkdir(to);
  for (const path of Object.values(files!.channels)) await copyFile(join(input, path), join(to, basename(path)));
}

/** Written to descriptor 3 when the process ends: a parent cannot ask for its children's CPU time. */
const tellUsage = `data:text/javascript,${encodeURIComponent(
  'import { writeSync } from "node:fs"; import { isMainThread } from "node:worker_threads";' +
    'if (isMainThread) process.on("exit", () => writeSync(3, JSON.stringify(process.resourceUsage())));',
)}`;

interface Ran {
  readonly report: CaseReport;
  readonly usage: NodeJS.ResourceUsage;
}

async function runSegment(args: readonly string[]): Promise<Ran> {
  // The program that is running now, with its own loader if it has one.
  const child = spawn(
    process.execPath,
    [...process.execArgv, "--import", tellUsage, process.argv[1]!, "segment", ...args],
    { stdio: ["ignore", "pipe", "inherit", "pipe"] },
  );
  const [printed, told] = [child.stdout!, child.stdio[3]!].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => JSON.parse(Buffer.concat(chunks).toString());
  }) as [() => { cases: CaseReport[] }, () => NodeJS.ResourceUsage];
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`bench: segment ended with ${code}`);
  return { report: printed().cases[0]!, usage: told() };
}

/** Inside the runtime's `run` calls. */
export const engineSeconds = ({ candidates, seconds }: Pick<CaseResult, "candidates" | "seconds">): number =>
  ["decision", ...candidates].reduce((sum, stage) => sum + (seconds[stage] ?? 0), 0);

const figuresOf = ({ report, usage: { userCPUTime, systemCPUTime } }: Ran): SegmentationFigures => ({
  policy: report.policy,
  seconds: report.seconds["total"]!,
  runtimeSeconds: engineSeconds(report),
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  peakMemoryMb: report.peakMemoryMb,
  flops: report.flops.withDecision.paper,
});
