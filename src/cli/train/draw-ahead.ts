/** @file Draws the next batch in a thread of its own: a training step blocks the thread that asks for it. */

import { Worker } from "node:worker_threads";
import type { CompactCase } from "../../data/compact.ts";
import { UserError } from "../../error.ts";
import type { BatchDrawer, BatchSource, Drawing, DrawnBatch } from "../../train/drawing.ts";

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
    let coming: { readonly step: number; readonly answer: Promise<Answer> } | undefined;
    return {
      async next(step) {
        const asked = coming?.step === step ? coming.answer : ask(step);
        coming = { step: step + 1, answer: ask(step + 1) };
        const answer = await Promise.race([asked, broken]);
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
