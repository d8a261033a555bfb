/** @file The queue: first come, first served, so many at a time; every change of state is on disk before it is told. */

import { EventEmitter } from "node:events";
import { UserError } from "../error.ts";
import type { Progress } from "../platform.ts";
import { createForecast } from "../report/forecast.ts";
import { httpError } from "./http-error.ts";
import { describeJob, isFinished, type Job, type JobProgress, type JobView } from "./job.ts";
import type { Store } from "./store.ts";

/** Segments a job. Throws `UserError` for a case that cannot be used, and whatever else went wrong. */
export type RunJob = (
  job: Job,
  watch: { readonly onProgress: (progress: Progress) => void; readonly signal: AbortSignal },
) => Promise<void>;

export interface JobsOptions {
  readonly run: RunJob;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Jobs and uploads that may wait. */
  readonly maxWaiting: number;
  /** A job that runs longer has failed. */
  readonly maxMinutes: number;
  /** How long finished jobs and their results stay. */
  readonly keepHours: number;
  readonly note: (line: string) => void;
}

export interface Jobs {
  /** Takes a place in the queue for an upload; gives it back when called. Throws 429 when there is none. */
  reserve(): () => void;
  add(job: Job): Promise<void>;
  /** Undefined for an unknown and for an expired job. */
  find(id: string): JobView | undefined;
  /** Stops the job if it runs. False for an unknown one. */
  remove(id: string): Promise<boolean>;
  /** Emits the id of a job that changed, and now and then that of one that did not. */
  readonly changes: EventEmitter;
  count(): { readonly queued: number; readonly running: number };
  /** What runs is stopped and stays queued on disk. */
  close(): Promise<void>;
}

/** A job that the server ended with so often is not begun again. */
const MAX_ATTEMPTS = 3;
/** Milliseconds: who waits for a change hears so often that there is none; what expired is looked for. */
const [BEAT, SWEEP] = [15_000, 60_000];
const [HOUR, MINUTE] = [3_600_000, 60_000];

interface Queue extends JobsOptions {
  readonly store: Store;
  /** The oldest first. */
  readonly jobs: Map<string, Job>;
  readonly running: Map<string, Running>;
  readonly changes: EventEmitter;
  uploads: number;
  isClosing: boolean;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  progress?: JobProgress;
}

/** Begins at once with the jobs that the store still holds; those that were running are queued again. */
export async function openJobs(store: Store, options: JobsOptions): Promise<Jobs> {
  const changes = new EventEmitter().setMaxListeners(0);
  const queue: Queue = {
    ...options,
    store,
    changes,
    jobs: new Map(),
    running: new Map(),
    uploads: 0,
    isClosing: false,
  };
  await restoreJobs(queue);
  startNext(queue);
  const timers = [
    setInterval(() => {
      for (const id of queue.jobs.keys()) changes.emit(id);
    }, BEAT),
    setInterval(() => removeExpired(queue), Math.min(SWEEP, options.keepHours * HOUR)),
  ];
  for (const timer of timers) timer.unref();
  return {
    reserve: () => reservePlace(queue),
    add: async (job) => {
      await store.save(job);
      queue.jobs.set(job.id, job);
      startNext(queue);
    },
    find: (id) => findJob(queue, id),
    remove: (id) => removeJob(queue, id),
    changes,
    count: () => ({ queued: waiting(queue).length, running: queue.running.size }),
    close: async () => {
      queue.isClosing = true;
      for (const timer of timers) clearInterval(timer);
      for (const { stop } of queue.running.values()) stop.abort();
      await Promise.all([...queue.running.values()].map(({ ended }) => ended));
    },
  };
}

const waiting = ({ jobs, running }: Queue) =>
  [...jobs.values()].filter(({ id, state }) => state === "queued" && !running.has(id));

async function restoreJobs(queue: Queue) {
  for (const job of await queue.store.load(queue.note)) {
    queue.jobs.set(job.id, job);
    if (job.state !== "running") continue;
    if (job.attempts < MAX_ATTEMPTS) await update(queue, job, { state: "queued" });
    else await finish(queue, job, { state: "failed", error: `the server ended ${MAX_ATTEMPTS} times during this job` });
  }
  removeExpired(queue);
  const { length } = waiting(queue);
  if (length > 0) queue.note(`${length} jobs wait since before`);
}

function reservePlace(queue: Queue): () => void {
  const { maxWaiting } = queue;
  if (queue.uploads + waiting(queue).length >= maxWaiting)
    throw httpError(429, `at most ${maxWaiting} cases may wait here, found as many; send this one later`);
  queue.uploads++;
  return () => {
    queue.uploads--;
  };
}

async function update({ store, jobs, changes }: Queue, job: Job, change: Partial<Job>) {
  const next = { ...job, ...change };
  await store.save(next);
  if (jobs.has(job.id)) jobs.set(job.id, next); // else removed meanwhile
  changes.emit(job.id);
}

async function finish(queue: Queue, job: Job, end: Pick<Job, "state" | "error">) {
  const finished = new Date();
  await queue.store.removeFiles(job.id);
  await update(queue, job, { ...end, finished: finished.toISOString() });
  const seconds = (finished.getTime() - Date.parse(job.started!)) / 1000;
  queue.note(`job ${job.id}: ${end.state} after ${seconds.toFixed(1)} s${end.error ? `: ${end.error}` : ""}`);
}

/** As many as there is room for. */
function startNext(queue: Queue): void {
  const { jobs, running, concurrency, isClosing, changes, note } = queue;
  const [job] = waiting(queue);
  if (isClosing || running.size >= concurrency || !job) return;
  const stop = new AbortController();
  const ended = runJob(queue, job, stop.signal)
    .catch((error) => {
      note(`job ${job.id}: its state cannot be written: ${error}`);
      const end = { state: "failed", finished: new Date().toISOString(), error: "the server's disk failed" } as const;
      if (jobs.has(job.id)) jobs.set(job.id, { ...job, ...end }); // or it would be begun again and again
    })
    .finally(() => {
      running.delete(job.id);
      startNext(queue);
    });
  running.set(job.id, { stop, ended });
  for (const { id } of waiting(queue)) changes.emit(id); // one place up
  startNext(queue);
}

async function runJob(queue: Queue, job: Job, stopped: AbortSignal) {
  const { run, running, changes, maxMinutes, note } = queue;
  const begun = { ...job, state: "running", attempts: job.attempts + 1, started: new Date().toISOString() } as const;
  await update(queue, job, begun);
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(maxMinutes * MINUTE)]);
  const forecast = createForecast();
  const onProgress = (progress: Progress) => {
    const [{ stage, done, total }, left] = [progress, forecast(progress)];
    const told = { stage, done, total, ...(left !== undefined && { secondsLeft: Math.round(left) }) };
    running.get(job.id)!.progress = told;
    changes.emit(job.id);
  };
  try {
    await run(begun, { onProgress, signal });
  } catch (error) {
    if (queue.isClosing) return update(queue, job, {});
    if (stopped.aborted) return; // removed
    return finish(queue, begun, { state: "failed", error: explain(error, { signal, maxMinutes, note }) });
  }
  await finish(queue, begun, { state: "done" });
}

interface Circumstances extends Pick<JobsOptions, "maxMinutes" | "note"> {
  readonly signal: AbortSignal;
}

function explain(error: unknown, { signal, maxMinutes, note }: Circumstances): string {
  if (signal.aborted) return `a job may take ${maxMinutes} minutes here, this one took longer`;
  if (error instanceof UserError) return error.message;
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return "the server could not segment this case; its log says why";
}

async function removeJob({ jobs, running, store, changes }: Queue, id: string): Promise<boolean> {
  if (!jobs.delete(id)) return false;
  const one = running.get(id);
  one?.stop.abort();
  await one?.ended;
  await store.remove(id);
  changes.emit(id);
  return true;
}

const expiryOf = ({ finished }: Job, { keepHours }: Queue): number =>
  finished === undefined ? Number.POSITIVE_INFINITY : Date.parse(finished) + keepHours * HOUR;

function removeExpired(queue: Queue): void {
  for (const job of queue.jobs.values()) {
    if (expiryOf(job, queue) > Date.now()) continue;
    removeJob(queue, job.id).catch((error) => queue.note(`job ${job.id}: ${error}`));
  }
}

function findJob(queue: Queue, id: string): JobView | undefined {
  const job = queue.jobs.get(id);
  if (!job || expiryOf(job, queue) <= Date.now()) return undefined;
  const position = waiting(queue).findIndex((one) => one.id === id);
  return describeJob(job, {
    position: position < 0 ? undefined : position,
    progress: job.state === "running" ? queue.running.get(id)?.progress : undefined,
    expires: isFinished(job) ? new Date(expiryOf(job, queue)).toISOString() : undefined,
  });
}
