/** @file Draws the next batches in a thread of its own: a training step blocks the thread that asks for it. */

import { Worker } from "node:worker_threads";
import type { CompactCase } from "../../data/compact.ts";
import { UserError } from "../../error.ts";
import type { BatchDrawer, BatchSource, Drawing, DrawnBatch } from "../../train/drawing.ts";
import { STEPS_PER_RUN } from "../../train/step.ts";

/** Of `draw-worker.ts` to the number of a step. `problem` is the message of a `UserError`. */
export type Answer = { readonly step: number } & ({ readonly batch: DrawnBatch } | { readonly problem: string });

export const drawAhead: BatchDrawer = {
  share({ voxels, truth, ...rest }: CompactCase): CompactCase {
    const shared = { ...rest, voxels: new Int16Array(new SharedArrayBuffer(voxels.byteLength)) };
    shared.voxels.set(voxels);
    if (truth === undefined) return shared;
    const classes = new Uint8Array(new SharedArrayBuffer(truth.byteLength));
    classes.set(truth);
    return { ...shared, truth: classes };
  },

  open(drawing: Drawing): BatchSource {
    const worker = startWorker(drawing);
    const waiting = new Map<number, (answer: Answer) => void>();
    worker.on("message", (answer: Answer) => {
      waiting.get(answer.step)?.(answer);
      waiting.delete(answer.step);
    });
    const broken = new Promise<never>((_, reject) => worker.once("error", reject));
    broken.catch(() => {});
    const ask = (step: number) =>
      new Promise<Answer>((resolve) => {
        waiting.set(step, resolve);
        worker.postMessage(step);
      });
    const asked = new Map<number, Promise<Answer>>();
    return {
      async next(step) {
        // As many as the next run will want, so that all of them are drawn during this one.
        for (let t = step; t <= step + STEPS_PER_RUN; t++) if (!asked.has(t)) asked.set(t, ask(t));
        const answer = await Promise.race([asked.get(step)!, broken]);
        asked.delete(step);
        if ("problem" in answer) throw new UserError(answer.problem);
        return answer.batch;
      },
      close: async () => void (await worker.terminate()),
    };
  },
};

function startWorker(workerData: Drawing): Worker {
  if (import.meta.url.endsWith(".js")) return new Worker(new URL("./draw-worker.js", import.meta.url), { workerData });
  const file = new URL("./draw-worker.ts", import.meta.url);
  const source = `import("tsx/esm/api").then(({ register }) => { register(); return import("${file}"); })`;
  return new Worker(source, { eval: true, workerData });
}
