/** @file `Runtime` in a browser: WebGPU where there is one, else WebAssembly with SIMD and threads. The importer of onnxruntime-web's browser builds. */

import { UserError } from "../error.ts";
import type { Runtime, Session } from "../platform.ts";
import { wrapSession } from "../session.ts";

export const webDevices = ["auto", "webgpu", "wasm"] as const;
export type WebDevice = (typeof webDevices)[number];

export interface WebRuntimeOptions {
  /** Default "auto": WebGPU on real graphics hardware, else WebAssembly. */
  readonly device?: WebDevice;
  /** WebAssembly threads; default: every core. Needs a cross-origin isolated page, elsewhere there is one. */
  readonly threads?: number | undefined;
  /** URL of the folder that serves onnxruntime-web's `.wasm` and `.mjs` files, with a slash at its end; default: beside the bundle. */
  readonly wasmUrl?: string;
  /** Told when something slower has to do: no isolation, or a graphics device that was lost. */
  readonly onNote?: (line: string) => void;
}

interface Engine {
  readonly name: string;
  readonly device: "webgpu" | "wasm";
  load(onnx: Uint8Array): Promise<Session>;
}

/**
 * Runs ONNX models with onnxruntime-web. When WebGPU fails while loading or running (lost device, no memory), every
 * model goes on in WebAssembly from the same input, which is told once; `device` says where it computes now. Between
 * runs the event loop turns, so that a worker hears a message to cancel. Throws `UserError` where WebGPU is asked for
 * and missing.
 */
export async function createWebRuntime(options: WebRuntimeOptions = {}): Promise<Runtime> {
  const { device = "auto", onNote } = options;
  let engine = await openEngine((await offersGpu(device)) ? "webgpu" : "wasm", options);
  let retreat: Promise<Engine> | undefined;
  const fallBack = (from: Engine, reason: Error): Promise<Engine> => {
    if (from.device === "wasm") throw reason;
    retreat ??= openEngine("wasm", options).then((slower) => {
      onNote?.(`WebGPU failed (${firstLine(reason)}): going on in WebAssembly`);
      engine = slower;
      return slower;
    });
    return retreat;
  };
  return {
    get name() {
      return engine.name;
    },
    get device() {
      return engine.device;
    },
    load: (onnx) => loadWithFallback(onnx, engine, fallBack),
  };
}

type FallBack = (from: Engine, reason: Error) => Promise<Engine>;

async function loadWithFallback(onnx: Uint8Array, first: Engine, fallBack: FallBack): Promise<Session> {
  let engine = first;
  const leave = async (reason: Error): Promise<Session> => {
    engine = await fallBack(engine, reason);
    return engine.load(onnx);
  };
  let session = await engine.load(onnx).catch(leave);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds, only) => {
      await turnEventLoop();
      return session.run(feeds, only).catch(async (reason: Error) => {
        const lost = session;
        session = await leave(reason);
        lost.release().catch(() => {}); // of a device that is gone
        return session.run(feeds, only);
      });
    },
    release: () => session.release(),
  };
}

/** Whether WebGPU is to be used. A software adapter is slower than WebAssembly: only on request. */
async function offersGpu(device: WebDevice): Promise<boolean> {
  if (device === "wasm") return false;
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<GpuAdapter | null> } }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (device === "webgpu" && !adapter)
    throw new UserError(`device webgpu needs a browser with WebGPU, this one offers no adapter; use "auto" or "wasm"`);
  return !!adapter && (device === "webgpu" || !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter));
}

/** What is used of the WebGPU interface, which TypeScript's DOM types do not have. */
interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

async function openEngine(device: Engine["device"], { threads, wasmUrl, onNote }: WebRuntimeOptions): Promise<Engine> {
  const ort = await (device === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm"));
  if (!crossOriginIsolated && device === "wasm")
    onNote?.("one thread only: the server must send Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy");
  ort.env.wasm.numThreads = crossOriginIsolated ? (threads ?? navigator.hardwareConcurrency) : 1;
  ort.env.logLevel = "fatal"; // whatever it logs as an error it also throws
  if (wasmUrl !== undefined) ort.env.wasm.wasmPaths = wasmUrl;
  const options = { executionProviders: [device], graphOptimizationLevel: "all", logSeverityLevel: 4 } as const;
  return {
    name: `onnxruntime-web ${ort.env.versions.web}`,
    device,
    load: async (onnx) => wrapSession(await ort.InferenceSession.create(onnx, options), ort.Tensor),
  };
}

const firstLine = ({ message }: Error) => message.split("\n")[0];

/** A run of the WebAssembly engine holds its thread, and awaiting it only takes microtasks: events get their turn here. */
const turnEventLoop = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
