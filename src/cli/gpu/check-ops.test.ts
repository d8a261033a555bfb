import { expect, test } from "vitest";
import { log, mul } from "../../graph/ops/elementwise.ts";
import { maxPool } from "../../graph/ops/pool.ts";
import { slice } from "../../graph/ops/shape.ts";
import { input, scalar, type Value } from "../../graph/value.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Runtime, Tensor } from "../../platform.ts";
import { checkOp, distinctNodes } from "./check-ops.ts";

const x = input("x", [1, 1, 4, 4]);
const reference = await createNodeRuntime({ threads: 1 });

/** The reference with `change` made to each value that it gives. */
const changed = (change: (value: number) => number): Runtime => ({
  ...reference,
  load: async (onnx) => {
    const session = await reference.load(onnx);
    const run = async (feeds: Record<string, Tensor>) =>
      Object.fromEntries(
        Object.entries(await session.run(feeds)).map(([name, tensor]) => [
          name,
          { ...tensor, data: Float32Array.from(tensor.data as Float32Array, change) },
        ]),
      );
    return { ...session, run };
  },
});
const check = (value: Value, device: Runtime) => checkOp(distinctNodes([[value]])[0]!, { reference, device });

test("each op and form once, over all graphs", () => {
  const twice = mul(mul(x, scalar(2)), scalar(3)); // the same form again
  const cuts = [0, 1].map((start) => slice(x, { axes: [3], starts: [start], ends: [start + 2] }));
  const nodes = distinctNodes([[twice, maxPool(x, 2)], [mul(x, x), ...cuts], [maxPool(x, 2)]]);
  expect(nodes.map(({ op }) => op.type)).toEqual(["Mul", "MaxPool", "Mul", "Slice"]);
});

test("the deviation is a share of the output's largest value", async () => {
  const about = { op: "MaxPool", operands: "[1,1,4,4]", problem: null };
  expect(await check(maxPool(x, 2), reference)).toEqual({ ...about, deviation: 0 });
  expect(
    await check(
      maxPool(x, 2),
      changed((v) => 2 * v),
    ),
  ).toEqual({ ...about, deviation: 1 });
});

test("where the reference gives no number, the device may give any; the other way round it may not", async () => {
  const half = changed((v) => (Number.isFinite(v) ? v : 7));
  expect(await check(log(x), half)).toMatchObject({ deviation: 0 });
  expect(
    await check(
      mul(x, x),
      changed(() => Number.NaN),
    ),
  ).toMatchObject({ deviation: Number.POSITIVE_INFINITY });
});

test("a device that has no kernel is told in a line", async () => {
  const device = { ...reference, load: () => Promise.reject(new Error("no kernel\nat x")) };
  expect(await check(mul(x, x), device)).toMatchObject({ deviation: null, problem: "no kernel" });
});
