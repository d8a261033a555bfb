/**
 * @file The process that segments for the service: one job at a time, networks kept between them. It ends with its parent,
 * and takes nothing with it: what runs out of memory here is one job.
 */

import { readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import { UserError } from "../../error.ts";
import { openNetworks } from "../../infer/networks.ts";
import { targetOf } from "../../infer/plan.ts";
import { openFolder } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Progress } from "../../platform.ts";
import { hidePath, openJobCase } from "../../server/job-case.ts";
import { costsOf } from "../segment/routing-options.ts";
import { segmentFiles } from "../segment/segment-files.ts";
import type { FromProcess, ToProcess } from "./segmenters.ts";

const tell = (message: FromProcess) => process.send?.(message);

async function open({ bank: path, device, threads }: ToProcess["setup"]) {
  const bank = hidePath(await readBank(openFolder(path)));
  const runtime = await createNodeRuntime({ device, threads, onNote: console.error });
  return { bank, dataset: datasetOf(bank), networks: openNetworks(bank, runtime) };
}

/** Measured by the first job that asks. */
let times: ReturnType<typeof costsOf> | undefined;

let opened: ReturnType<typeof open> | undefined;

async function segment({ setup, job, folder }: ToProcess) {
  opened ??= open(setup);
  opened.catch(() => {
    opened = undefined;
  });
  const { bank, dataset, networks } = await opened;
  const { files, input, out } = openJobCase(folder, job, dataset);
  const { setting = bank.setting, policy, flips, postprocess, probabilities, cost } = job.settings;
  if (cost === "time") times ??= costsOf({ cost }, { bank, networks, note: console.error });
  const costs = cost === "time" ? await times : undefined;
  const settings = { policy, setting, flips, postprocess, target: targetOf(job.settings, bank, policy), costs };
  const options = { bank, dataset, networks, out, ...settings, saveProbabilities: probabilities };
  const onProgress = (progress: Progress) => tell({ progress });
  await segmentFiles({ files, folder: input }, options, { onProgress, signal: new AbortController().signal });
}

process.on("message", (message: ToProcess) => {
  segment(message).then(
    () => tell({ isDone: true }),
    (error: Error) => tell({ problem: error instanceof UserError ? error.message : undefined, stack: error.stack }),
  );
});
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole group: the parent says what becomes of the job.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
