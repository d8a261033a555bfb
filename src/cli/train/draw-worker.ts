/** @file The thread that draws batches: a step number comes in, its batch goes out, or why there can be none. */

import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../../error.ts";
import { type Drawing, openDrawing } from "../../train/drawing.ts";
import type { Answer } from "./draw-ahead.ts";

const draw = openDrawing(workerData as Drawing);
const answer = (message: Answer, memory: readonly ArrayBufferLike[] = []) =>
  parentPort!.postMessage(message, memory as ArrayBuffer[]);

parentPort!.on("message", (step: number) => {
  try {
    const batch = draw(step);
    answer({ step, batch }, [batch.image.buffer, batch.targets.buffer]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    answer({ step, problem: error.message });
  }
});
