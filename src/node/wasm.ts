/** @file `Runtime` on Node through WebAssembly, for machines without onnxruntime-node: the only importer of onnxruntime-web here. */

import { UserError } from "../error.ts";
import type { Runtime } from "../platform.ts";
import { wrapSession } from "../session.ts";

/**
 * Graphs run as they are: the decision network takes 4.9 ms of CPU for 8 windows (onnxruntime-node: 1.7 ms); with its
 * depthwise convolutions as nine shifted products, or dense with zeros, it would take 7.8 ms (medians of 100 runs). The
 * first fifteen runs take 50 ms each: V8 still optimises. `threads` is settled by the first model of the process, which
 * starts the WASM module's workers.
 */
export async function createWasmRuntime(threads: number): Promise<Runtime> {
  const { env, InferenceSession, Tensor } = await import("onnxruntime-web").catch(() => {
    throw new UserError("device wasm needs onnxruntime-web: npm install onnxruntime-web, or use --device cpu");
  });
  env.wasm.numThreads = threads;
  env.logLevel = "fatal";
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 4 } as const;
  return {
    name: `onnxruntime-web ${env.versions.web}`,
    device: "wasm",
    load: async (onnx) => wrapSession(await InferenceSession.create(onnx, options), Tensor),
  };
}
