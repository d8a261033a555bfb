import { expect, test } from "vitest";
import { table3Rows, table4Rows, table5Rows, table6Rows } from "./paper-rows.ts";

const windowRows = [table3Rows.window, table4Rows, table5Rows, table6Rows].flatMap((rows) => Object.values(rows));

// 66 cases of 155 slices, each of 16 windows or one input: the columns of a row say the same, to the digits printed.
test.each([
  ["window", 16, windowRows],
  ["full", 1, Object.values(table3Rows.full)],
] as const)("the columns of each row agree: %s", (_, inputs, rows) => {
  for (const { gflops } of rows) {
    expect(gflops.perCase).toBeCloseTo(gflops.allCases / 66, 1.9);
    expect(gflops.perSlice).toBeCloseTo(gflops.allCases / 66 / 155, 1.9);
    expect(Math.abs(gflops.perInference - gflops.allCases / 66 / 155 / inputs)).toBeLessThan(0.0051);
  }
});

test("ours of Table 3 is the row of Table 4 without softmax of S", () => {
  const { method: _, ...row } = table4Rows["alpha 0.001, softmax of F"];
  expect(table3Rows.window["dynamic"]).toMatchObject(row);
});

test("the reduced network of Table 5 is the row of Table 4 with both softmaxes, and that of four candidates", () => {
  const { method: _, ...row } = table4Rows["alpha 0.001, softmax of S and F"];
  expect(table5Rows["ShuffleNetV2-M"]).toMatchObject(row);
  expect(table6Rows["4 candidates"]).toMatchObject(row);
});
