/** The browser runtime in Node, with engines that only say where they run: what happens when a graphics device goes away. */
import { afterEach, expect, test, vi } from "vitest";
import { createWebRuntime } from "./index.ts";

const loaded: string[] = [];
let isLost = false;
const mockEngine = (device: "webgpu" | "wasm") => ({
  env: { wasm: {}, versions: { web: "1.30.0" } },
  Tensor: class {
    constructor(
      readonly type: string,
      readonly data: Float32Array,
      readonly dims: readonly number[],
    ) {}
  },
  InferenceSession: {
    create: async (onnx: Uint8Array) => {
      if (device === "webgpu" && isLost) throw new Error("Device is lost\n at session.cc");
      loaded.push(`${onnx[0]} on ${device}`);
      const run = async ({ x }: { x: { data: Float32Array } }) => {
        if (device === "webgpu" && isLost) throw new Error("Device is lost\n at queue.cc");
        return { y: { type: "float32", dims: [1], data: x.data.map((value) => value * onnx[0]) } };
      };
      const release = () => (device === "webgpu" && isLost ? Promise.reject(new Error("gone")) : Promise.resolve());
      return { inputNames: ["x"], outputNames: ["y"], run, release };
    },
  },
});
vi.mock("onnxruntime-web/webgpu", () => mockEngine("webgpu"));
vi.mock("onnxruntime-web/wasm", () => mockEngine("wasm"));

afterEach(() => {
  vi.unstubAllGlobals();
  loaded.length = 0;
  isLost = false;
});

async function open(adapter: object | null, device: "auto" | "webgpu" = "auto") {
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter }, hardwareConcurrency: 2 });
  vi.stubGlobal("crossOriginIsolated", true);
  const notes: string[] = [];
  return { notes, runtime: await createWebRuntime({ device, onNote: (line) => notes.push(line) }) };
}
const x = { dtype: "float32", dims: [1], data: Float32Array.of(5) } as const;

test("a device that is lost between runs: every model goes on in WebAssembly from the same input, told once", async () => {
  const { runtime, notes } = await open({ info: { isFallbackAdapter: false } });
  const sessions = [await runtime.load(Uint8Array.of(2)), await runtime.load(Uint8Array.of(3))];
  const results = async () =>
    (await Promise.all(sessions.map((session) => session.run({ x })))).map(({ y }) => y.data[0]);
  expect([runtime.device, await results()]).toEqual(["webgpu", [10, 15]]);
  isLost = true;
  expect([await results(), runtime.device]).toEqual([[10, 15], "wasm"]);
  expect(notes).toEqual(["WebGPU failed (Device is lost): going on in WebAssembly"]);
  expect(loaded.toSorted()).toEqual(["2 on wasm", "2 on webgpu", "3 on wasm", "3 on webgpu"]);
});

test("a device that fails while loading", async () => {
  isLost = true;
  const { runtime, notes } = await open({}, "webgpu");
  await runtime.load(Uint8Array.of(2));
  expect([runtime.device, notes.length]).toEqual(["wasm", 1]);
});

test("graphics in software is used on request only; where there is none, a request is told", async () => {
  const software = { info: { isFallbackAdapter: true } };
  expect((await open(software)).runtime.device).toBe("wasm");
  expect((await open(software, "webgpu")).runtime.device).toBe("webgpu");
  expect((await open(null)).runtime.device).toBe("wasm");
  await expect(open(null, "webgpu")).rejects.toThrow("offers no adapter");
});
