import { describe, expect, test } from "vitest";
import { UserError } from "../error.ts";
import { writeOnnx } from "../graph/onnx.ts";
import { apply1, BATCH, defineOp, input } from "../graph/value.ts";
import type { DType, Tensor } from "../platform.ts";
import { createNodeRuntime } from "./runtime.ts";

const identity = defineOp({ type: "Identity", infer: ([x]) => [x!.shape], grad: "none" });
const double = defineOp({ type: "Add", infer: ([x]) => [x!.shape], grad: "none" });

/** same = x, twice = x + x, both [N, 2]. */
function model(): Uint8Array {
  const x = input("x", [BATCH, 2]);
  return writeOnnx({ same: apply1(identity, [x], {}), twice: apply1(double, [x, x], {}) });
}
const floats = (...values: number[]): Tensor => ({
  dtype: "float32",
  dims: [values.length / 2, 2],
  data: Float32Array.from(values),
});

describe.each(["cpu", "wasm"] as const)("on %s", (device) => {
  const ready = createNodeRuntime({ device, threads: 1 });

  test("it says who computes", async () => {
    const { name, device: where } = await ready;
    expect(name).toMatch(/^onnxruntime-\w+ 1\.\d+\.\d+$/);
    expect(where).toBe(device);
  });

  test("all outputs by default, with any batch", async () => {
    const session = await (await ready).load(model());
    expect(session.inputNames).toEqual(["x"]);
    expect(session.outputNames).toEqual(["same", "twice"]);
    expect(await session.run({ x: floats(1, 2) })).toEqual({ same: floats(1, 2), twice: floats(2, 4) });
    expect((await session.run({ x: floats(1, 2, 3, 4) }))["twice"]).toEqual(floats(2, 4, 6, 8));
    await session.release();
  });

  test("only the outputs that are asked for", async () => {
    const session = await (await ready).load(model());
    expect(await session.run({ x: floats(1, 2) }, ["twice"])).toEqual({ twice: floats(2, 4) });
    await session.release();
  });

  test.each<[DType, Tensor["data"]]>([
    ["uint8", Uint8Array.of(7)],
    ["bool", Uint8Array.of(1)],
    ["int32", Int32Array.of(-7)],
    ["int64", BigInt64Array.of(-7n)],
  ])("%s tensors", async (dtype, data) => {
    const session = await (await ready).load(writeOnnx({ y: apply1(identity, [input("x", [1], dtype)], {}) }));
    const x: Tensor = { dtype, dims: [1], data };
    expect(await session.run({ x })).toEqual({ y: x });
    await session.release();
  });

  test("results do not pile up: 200 of 4 MB keep the process below 400 MB more", async () => {
    const session = await (await ready).load(model());
    const x = { ...floats(0, 0), dims: [500_000, 2], data: new Float32Array(1_000_000) };
    const before = process.memoryUsage().rss;
    let most = 0;
    for (let i = 0; i < 200; i++) {
      await session.run({ x }, ["twice"]);
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(most).toBeLessThan(400e6);
    await session.release();
  });

  test("what is no model is refused", async () => {
    await expect((await ready).load(Uint8Array.of(1, 2, 3))).rejects.toThrow("protobuf");
  });
});

test("a device that is not there is told before any model is loaded", async () => {
  const runtime = createNodeRuntime({ device: "cuda" });
  // On a machine with CUDA this test has nothing to say.
  await runtime.catch((error) => {
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/^device cuda (needs|must be) [^\n]+ use --device cpu$/);
  });
});
