import { expect, test } from "vitest";
import type { Context } from "../command.ts";
import { gpu } from "./gpu.ts";

async function run(action: string[], json = true): Promise<string> {
  let text = "";
  const print = (line: string) => {
    text += `${line}\n`;
  };
  const context = { print, note: () => {}, onProgress: () => {} } as unknown as Context;
  await gpu.run(action, { json, device: "cpu", recipe: "decathlon", batch: 1 }, context);
  return text;
}

test("each device is usable, or says in one line why not and what to do", async () => {
  const { devices, cuda } = JSON.parse(await run([])) as Record<string, unknown> & {
    devices: Record<string, unknown>[];
  };
  expect(devices.map(({ device }) => device)).toEqual(["cpu", "webgpu", "cuda", "wasm"]);
  expect(devices[0]).toEqual({ ...devices[0], usable: true, problem: null });
  for (const { usable, runtime, problem } of devices)
    if (usable) expect(runtime).toMatch(/^onnxruntime-\w+ 1\./);
    else expect(problem).toMatch(/^device (webgpu|cuda|wasm) [^\n]+ use --device cpu$/);
  expect(cuda).toMatchObject({ provider: { "libonnxruntime_providers_cuda.so": expect.any(Boolean) } });
});

test("the same as a table", async () => {
  const text = await run(["status"], false);
  expect(text).toMatch(/^cpu +yes +onnxruntime-node/m);
  expect(text).toMatch(/^libonnxruntime_providers_cuda\.so +provider file +(found|missing)$/m);
});

test("unknown actions, and recipes whose networks are not fixed", async () => {
  await expect(run(["start"])).rejects.toThrow('action "start" is not known; known are: status, install, check');
  await expect(run(["check"])).rejects.toThrow("recipe decathlon takes its networks from data");
});
