import { expect, test } from "vitest";
import { floats } from "../../test/evaluate.ts";
import { createNodeRuntime } from "../node/runtime.ts";
import { writeTurns } from "./onnx.ts";
import { add, mul } from "./ops/elementwise.ts";
import { input, scalar } from "./value.ts";

test("a graph in turns: what is carried goes from turn to turn, the rest is read and written part by part", async () => {
  const [sum, x] = [input("sum", [2]), input("x", [2])];
  const outputs = { after: add(sum, x), tenfold: mul(x, scalar(10)) };
  const session = await (await createNodeRuntime({ threads: 1 })).load(
    writeTurns(outputs, { carry: { sum: "after" }, most: 3 }),
  );
  const run = async (turns: number) => {
    const count = { dtype: "int64", dims: [], data: BigInt64Array.of(BigInt(turns)) } as const;
    const found = await session.run({ turns: count, sum: floats([100, 200]), x: floats([1, 2, 3, 4, 5, 6], [3, 2]) });
    return Object.fromEntries(Object.entries(found).map(([name, { data, dims }]) => [name, [dims, [...data]]]));
  };
  expect(await run(3)).toEqual({
    after: [[2], [100 + 1 + 3 + 5, 200 + 2 + 4 + 6]],
    tenfold: [
      [3, 2],
      [10, 20, 30, 40, 50, 60],
    ],
  });
  expect(await run(1)).toEqual({
    after: [[2], [101, 202]],
    tenfold: [
      [1, 2],
      [10, 20],
    ],
  });
  await session.release();
});
