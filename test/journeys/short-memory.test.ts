/** The page where its memory is short: errors are those of the real engine. */
import { expect, test } from "vitest";
import { fitMemory } from "../../src/app/memory.ts";
import { UserError } from "../../src/error.ts";
import { writeOnnx } from "../../src/graph/onnx.ts";
import { globalAveragePool } from "../../src/graph/ops/pool.ts";
import { concat } from "../../src/graph/ops/shape.ts";
import { BATCH, input } from "../../src/graph/value.ts";
import { createNodeRuntime } from "../../src/node/runtime.ts";

const watch = () => {
  const told: string[] = [];
  return {
    told,
    means: { release: async () => void told.push("released"), onNote: (line: string) => told.push(line) },
  };
};
const NOTE = "Memory is short: going on with one window at a time";

const SIDE = 1024;
test.each([
  ["what is left", 31],
  ["WebAssembly has", 40],
  ["a tensor may have", 200],
])("eight images need more than %s: one at a time, by the engine's own error", async (_, copies) => {
  const image = input("image", [BATCH, 4, SIDE, SIDE]); // 16 MB
  const runtime = await createNodeRuntime({ device: "wasm", threads: 1 });
  const session = await runtime.load(writeOnnx({ y: globalAveragePool(concat(new Array(copies).fill(image), 1)) }));
  const { told, means } = watch();
  const run = async (batch: number) => {
    if (batch === 1) return batch;
    const dims = [batch, 4, SIDE, SIDE];
    await session.run({ image: { dtype: "float32", dims, data: new Float32Array(batch * 4 * SIDE * SIDE) } });
    return batch;
  };
  expect(await fitMemory(run, means)).toBe(1);
  expect(told).toEqual(["released", NOTE]);
  await session.release();
});

test("where one does not fit either, a line says so; other errors pass", async () => {
  const { told, means } = watch();
  const short = () => Promise.reject(new RangeError("Array buffer allocation failed"));
  await expect(fitMemory(short, means)).rejects.toThrow(UserError);
  expect(told).toEqual(["released", NOTE, "released"]);
  await expect(fitMemory(() => Promise.reject(new TypeError("no such method")), means)).rejects.toThrow("no such");
  expect(told).toHaveLength(3);
});
