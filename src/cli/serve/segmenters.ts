/** @file The processes that segment for the service, one a job at a time. ONNX Runtime holds the thread that it runs on. */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { UserError } from "../../error.ts";
import type { Device } from "../../node/runtime.ts";
import type { Progress } from "../../platform.ts";
import type { Job } from "../../server/job.ts";
import type { RunJob } from "../../server/jobs.ts";

export interface SegmenterSetup {
  /** Folder of the bank. */
  readonly bank: string;
  readonly device: Device;
  /** Of each process. */
  readonly threads: number;
}

export interface ToProcess {
  readonly setup: SegmenterSetup;
  readonly job: Job;
  /** Of the job. */
  readonly folder: string;
}

/** One of: progress, done, or not done. */
export interface FromProcess {
  readonly progress?: Progress;
  readonly isDone?: true;
  /** For the user. */
  readonly problem?: string | undefined;
  /** Of what is a bug where there is no `problem`. */
  readonly stack?: string | undefined;
}

interface Segmenters {
  readonly run: RunJob;
  /** Ends all processes. */
  close(): void;
}

/** `folderOf` a job's id. A process that did its job waits for the next; one that is stopped is killed. */
export function createSegmenters(setup: SegmenterSetup, folderOf: (id: string) => string): Segmenters {
  const all = new Set<ChildProcess>();
  const idle: ChildProcess[] = [];
  const start = () => {
    const child = startProcess();
    all.add(child);
    child.once("exit", () => {
      all.delete(child);
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
    });
    return child;
  };
  const run: RunJob = async (job, watch) => {
    watch.signal.throwIfAborted();
    const child = idle.pop() ?? start();
    await ask(child, { setup, job, folder: folderOf(job.id) }, watch).finally(() => {
      child.removeAllListeners("message");
      if (child.connected) idle.push(child);
    });
  };
  return {
    run,
    close: () => {
      for (const child of all) child.kill("SIGKILL");
    },
  };
}

/** Of the built package, or of the sources with the loader that reads them. */
function startProcess(): ChildProcess {
  const isBuilt = import.meta.url.endsWith(".js");
  const file = fileURLToPath(new URL(isBuilt ? "./segment-process.js" : "./segment-process.ts", import.meta.url));
  return fork(file, { execArgv: isBuilt ? [] : ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

const ask = (child: ChildProcess, work: ToProcess, { onProgress, signal }: Parameters<RunJob>[1]) =>
  new Promise<void>((resolve, reject) => {
    const kill = () => child.kill("SIGKILL");
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", kill);
      child.off("exit", onExit).off("error", onError);
      settle();
    };
    const onExit = (code: number | null, by: string | null) =>
      end(() => reject(new Error(`the process of job ${work.job.id} ended: ${by ?? `exit code ${code}`}`)));
    const onError = (error: Error | null) => error && end(() => reject(error));
    signal.addEventListener("abort", kill);
    child.once("exit", onExit).once("error", onError);
    child.on("message", ({ progress, isDone, problem, stack }: FromProcess) => {
      if (progress) onProgress(progress);
      else if (isDone) end(resolve);
      else end(() => reject(problem === undefined ? Object.assign(new Error(), { stack }) : new UserError(problem)));
    });
    child.send(work, onError);
  });
