import { expect, test } from "vitest";
import {
  table1Rows,
  table2Rows,
  table3Rows,
  table4Rows,
  table5Rows,
  table6Rows,
  table7Rows,
  table8Rows,
} from "./paper-rows.ts";

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

// "Per slice" as printed: what is printed as "per case", over 128.
test.each([
  [table1Rows, [13.04, 5.85, 1.04, 9.42, 1.96, 2.6, 0.61]],
  [table2Rows, [13.04, 5.85, 3.18, 9.42, 1.96, 2.6, 0.61]],
  [table7Rows, [9.38, 1.95, 2.58, 0.29]],
])("systems with FLOPs are those that are here, and their columns agree: %#", (rows, perSlice) => {
  const counted = Object.values(rows).filter(({ gflops }) => gflops.perStack !== undefined);
  expect(counted.map(({ source }) => source)).toEqual(perSlice.map(() => "paper"));
  for (const [i, { gflops }] of counted.entries())
    expect(Math.abs(gflops.perPlane! - perSlice[i]!)).toBeLessThan(0.0051);
});

test("systems that are only cited: 4 of Table 1, 3 of Table 2, 9 of Table 7", () => {
  const cited = [table1Rows, table2Rows, table7Rows].map((rows) =>
    Object.values(rows).filter(({ source }) => source === "cited"),
  );
  expect(cited.map(({ length }) => length)).toEqual([4, 3, 9]);
});

test("joint training of Table 8 is ours of Table 3", () => {
  const { method: _, gflops, trainingHours, ...row } = table8Rows.joint;
  expect(table3Rows.window["dynamic"]).toMatchObject({ ...row, gflops });
  expect(table8Rows.individual.trainingHours - trainingHours).toBeCloseTo(7.36, 9); // as the text has it
});
