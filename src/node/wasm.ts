/** @file `Runtime` on Node through WebAssembly, for machines without onnxruntime-node: the only importer of onnxruntime-web here. */

import { UserError } from "../error.ts";
import type { Runtime } from "../platform.ts";
import { wrapSession } from "../session.ts";

/** `threads` is settled by the first model of the process, which starts the WASM module's workers. */
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
    // onnxruntime-web 1.30 leaves the memory of a given CPU output as it was (measured).
    load: async (onnx) =>
      wrapSession(await InferenceSession.create(onnx, options), { Tensor, writesGivenOutputs: false }),
  };
}
