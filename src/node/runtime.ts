/** @file `Runtime` on Node: the only importer of onnxruntime-node. Without it the WASM build of onnxruntime-web takes over. */

import { availableParallelism } from "node:os";
import type * as Ort from "onnxruntime-node";
import { UserError } from "../error.ts";
import type { Runtime } from "../platform.ts";
import { wrapSession } from "../session.ts";
import { createWasmRuntime } from "./wasm.ts";

export const devices = ["cpu", "webgpu", "cuda", "wasm"] as const;
type Device = (typeof devices)[number];

export interface NodeRuntimeOptions {
  /** Default: "cpu". */
  readonly device?: Device;
  /** Threads of one operator; default: every core. */
  readonly threads?: number | undefined;
  /** Told once when the fast runtime is not installed. */
  readonly onNote?: (line: string) => void;
}

/**
 * Runs ONNX models with onnxruntime-node, or with onnxruntime-web (WASM, two to four times slower) when that is not
 * installed. Throws a `UserError` for a device this machine does not offer.
 */
export async function createNodeRuntime(options: NodeRuntimeOptions = {}): Promise<Runtime> {
  const { device = "cpu", threads = availableParallelism(), onNote } = options;
  if (device === "wasm") return createWasmRuntime(threads);
  const ort = await importNative();
  if (ort === null && device !== "cpu") throw new UserError(`device ${device} needs onnxruntime-node: ${INSTALL}`);
  if (ort === null) {
    onNote?.(`onnxruntime-node is not installed: running its slower WebAssembly build. ${INSTALL}`);
    return createWasmRuntime(threads);
  }
  // Whatever ONNX Runtime logs as an error it also throws: "fatal" keeps it from being printed twice.
  ort.env.logLevel = "fatal";
  if (device !== "cpu") await probe(ort, device);
  return {
    name: `onnxruntime-node ${ort.env.versions.node}`,
    device,
    // onnxruntime-node 1.30 writes a given output in place, then copies it into the result too, which is dropped
    // (measured: 16 MB take 7 ms with and without).
    load: async (onnx) =>
      wrapSession(await ort.InferenceSession.create(onnx, sessionOptions(device, threads)), {
        Tensor: ort.Tensor,
        writesGivenOutputs: true,
      }),
  };
}

const INSTALL = "run: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30.0";

async function importNative(): Promise<typeof Ort | null> {
  try {
    return await import("onnxruntime-node");
  } catch {
    return null; // the package, or its binary for this platform, is not there
  }
}

const sessionOptions = (device: Exclude<Device, "wasm">, threads: number): Ort.InferenceSession.SessionOptions => ({
  executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
  intraOpNumThreads: threads,
  graphOptimizationLevel: "all",
  logSeverityLevel: 4,
  // Waiting threads sleep: the same wall time (M1 step 0.20 s, M4 1.1 s, two threads) for a tenth less CPU time.
  extra: { session: { intra_op: { allow_spinning: "0" } } },
});

/** Loads the smallest model there is on the device, so that a missing driver is told before any work. */
async function probe(ort: typeof Ort, device: Exclude<Device, "wasm">) {
  try {
    await (await ort.InferenceSession.create(identityModel(), sessionOptions(device, 1))).release();
  } catch (error) {
    // ONNX Runtime puts the place in its own source and the failed check before what went wrong.
    const reason = (error as Error).message.split("\n")[0].replace(/^.* was false\. /, "");
    throw new UserError(`device ${device} must be usable by ONNX Runtime on this machine: ${reason}; use --device cpu`);
  }
}

/** Identity from x to y, both float32 [1], opset 17: the ONNX file in 63 bytes. */
const identityModel = () =>
  Buffer.from("CApCAhAROjcKEAoBeBIBeSIISWRlbnRpdHkSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggB", "base64");
