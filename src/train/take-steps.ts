/** @file The loop of a phase of training: a few steps a run, and at the end of each epoch a line in the log and a checkpoint. */

import type { Drawing, DrawnBatch } from "./drawing.ts";
import type { LogEntry } from "./log.ts";
import type { TrainRun } from "./run.ts";
import { STEPS_PER_RUN } from "./step.ts";

export interface Phase {
  readonly name: LogEntry["phase"];
  /** Steps that are done. */
  readonly start: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Takes a step with each batch, from step t on. */
  take(step: number, batches: readonly DrawnBatch[]): Promise<void>;
  /** Share of the work that t steps are, where they differ in cost. */
  share?(step: number): number;
  /** What the log says of the epoch that ended with step t. */
  describe(step: number): Promise<Pick<LogEntry, "loss" | "learningRate">>;
  save(step: number): Promise<void>;
}

/** Goes on with a phase to its end. When the run is aborted, the phase is saved and the signal's reason thrown. */
export async function takeSteps(run: TrainRun, drawing: Drawing, phase: Phase): Promise<void> {
  const { name, start, epochs, stepsPerEpoch } = phase;
  const total = epochs * stepsPerEpoch;
  run.log.rewind(name, start);
  const source = run.drawer.open(drawing);
  try {
    let started = performance.now();
    for (let step = start; step < total; ) {
      const length = Math.min(STEPS_PER_RUN, stepsPerEpoch - (step % stepsPerEpoch));
      const batches: DrawnBatch[] = [];
      for (let i = 0; i < length; i++) batches.push(await source.next(step + i));
      await phase.take(step, batches);
      step += length;
      run.onProgress?.({ stage: name, done: step, total, ...(phase.share && { share: phase.share(step) }) });
      const epochEnds = step % stepsPerEpoch === 0;
      if (epochEnds) {
        const seconds = (performance.now() - started) / 1000;
        const epoch = step / stepsPerEpoch;
        await run.log.add({ phase: name, step, epoch, ...(await phase.describe(step)), seconds });
        started = performance.now();
      }
      if (epochEnds || run.signal?.aborted) await phase.save(step);
      run.signal?.throwIfAborted();
    }
  } finally {
    await source.close();
  }
}
