import { expect, test, vi } from "vitest";
import { createNodeRuntime } from "./runtime.ts";

vi.mock("onnxruntime-node", () => {
  throw new Error("Cannot find package");
});

test("without onnxruntime-node the WebAssembly build runs, and says so once", async () => {
  const notes: string[] = [];
  const runtime = await createNodeRuntime({ threads: 1, onNote: (line) => notes.push(line) });
  expect(runtime).toMatchObject({ device: "wasm", name: expect.stringMatching(/^onnxruntime-web /) });
  expect(notes).toEqual([expect.stringContaining("npm install onnxruntime-node@1.30.0")]);
});

test("other devices need it", async () => {
  await expect(createNodeRuntime({ device: "cuda" })).rejects.toThrow("device cuda needs onnxruntime-node");
});

test("neither runtime: one line", async () => {
  vi.doMock("onnxruntime-web", () => {
    throw new Error("Cannot find package");
  });
  await expect(createNodeRuntime({ device: "wasm" })).rejects.toThrow("device wasm needs onnxruntime-web: npm install");
});
