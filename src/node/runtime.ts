/** @file `Runtime` on Node: the only importer of onnxruntime-node. Without it the WASM build of onnxruntime-web takes over. */

import { availableParallelism } from "node:os";
import type * as Ort from "onnxruntime-node";
import { UserError } from "../error.ts";
import type { Runtime } from "../platform.ts";
import { carryOnDevice, wrapSession } from "../session.ts";
import { cudaProblem, findCuda } from "./cuda.ts";
import { loaderProblem } from "./shared-library.ts";
import { createWasmRuntime } from "./wasm.ts";

export const devices = ["cpu", "webgpu", "cuda", "wasm"] as const;
export type Device = (typeof devices)[number];
type NativeDevice = Exclude<Device, "wasm">;

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
  const native: Native = {
    device,
    Tensor: ort.Tensor,
    load: (onnx, more) => ort.InferenceSession.create(onnx, { ...sessionOptions(device, threads), ...more }),
  };
  if (device !== "cpu") await probe(native);
  return {
    name: `onnxruntime-node ${ort.env.versions.node}`,
    device,
    load: async (onnx) => wrapSession(await native.load(onnx), native.Tensor),
    ...(device === "cpu" ? {} : { lowered: true }),
    ...(device === "webgpu" ? { loadCarrying: loadCarrying(native) } : {}),
  };
}

interface Native {
  readonly device: NativeDevice;
  readonly Tensor: Ort.TensorConstructor;
  load(onnx: Uint8Array, more?: Ort.InferenceSession.SessionOptions): Promise<Ort.InferenceSession>;
}

const INSTALL = "run: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30.0";

async function importNative(): Promise<typeof Ort | null> {
  try {
    return await import("onnxruntime-node");
  } catch {
    return null; // the package, or its binary for this platform, is not there
  }
}

const sessionOptions = (device: NativeDevice, threads: number): Ort.InferenceSession.SessionOptions => ({
  executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
  intraOpNumThreads: threads,
  graphOptimizationLevel: "all",
  logSeverityLevel: 4,
  // Waiting threads sleep: the same wall time (M1 step 0.20 s, M4 1.1 s, two threads) for a tenth less CPU time.
  extra: { session: { intra_op: { allow_spinning: "0" } } },
});

/**
 * Sessions that keep what they carry in WebGPU buffers. The binding cannot read such a buffer ("not implemented" ends the
 * process), a graph that copies it can. It has no buffers of CUDA at all: there weights and moments come back after every
 * run of a few steps, 16 bytes a parameter each way, 0.4 GB for M1 to M4 together.
 */
function loadCarrying({ load, Tensor }: Native): NonNullable<Runtime["loadCarrying"]> {
  return async (onnx, carry) => {
    const stay = Object.fromEntries(Object.values(carry).map((output) => [output, "gpu-buffer" as const]));
    const [session, copier] = await Promise.all([load(onnx, { preferredOutputLocation: stay }), load(identityModel())]);
    const download = async (x: Ort.Tensor) => (await copier.run({ x }))["y"]!.data as Float32Array;
    const carrying = carryOnDevice(session, Tensor, { carry, download });
    return {
      ...carrying,
      release: async () => {
        await carrying.release();
        await copier.release();
      },
    };
  };
}

/** Loads the smallest model there is on the device, so that what is missing is told before any work. */
async function probe({ device, load }: Native) {
  const cuda = device === "cuda" ? await findCuda() : null;
  const lacking = cuda && cudaProblem(cuda);
  if (lacking) throw new UserError(lacking);
  const vulkan = device === "webgpu" && process.platform === "linux" ? loaderProblem("libvulkan.so.1") : null;
  try {
    if (vulkan) throw new Error(`no Vulkan loader: ${vulkan}`);
    await (await load(identityModel())).release();
  } catch (error) {
    // ONNX Runtime puts the place in its own source and the failed check before what went wrong.
    const reason = (error as Error).message.split("\n")[0].replace(/^.* was false\. /, "");
    throw new UserError(`device ${device} must be usable by ONNX Runtime on this machine: ${reason}; use --device cpu`);
  }
}

/** Identity from x to y, both float32 [N], opset 17: the ONNX file in 65 bytes. */
const identityModel = () =>
  Buffer.from(
    "080a420210113a390a100a017812017922084964656e746974791201675a100a0178120b0a09080112050a0312014e62100a0179120b0a09080112050a0312014e",
    "hex",
  );
