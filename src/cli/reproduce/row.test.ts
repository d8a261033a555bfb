import { expect, test } from "vitest";
import { averageCases, compareRows, type MeasuredCase, meanDice, type Row } from "./row.ts";

const flops = (paper: number) => ({ macs: paper, paper });
/** `inputs` decisions over two slices. */
const measured = (id: string, dice: number, paper: number, inputs: number): MeasuredCase => ({
  case: id,
  slices: 2,
  metrics: {
    ET: { dice, hd95: 2, sensitivity: 1, specificity: 1 },
    WT: { dice: 1, hd95: 0, sensitivity: 1, specificity: 1 },
  },
  flops: { ...flops(paper), withDecision: flops(paper + 1e9), alwaysLargest: flops(9e9) },
  decisions: Array.from({ length: inputs }, (_, i) => ({ slice: i < inputs / 2 ? 0 : 1, window: 0, choice: 1 })),
  lost: { ET: { lost: 1, total: 10 }, WT: { lost: 3, total: 40 } },
  seconds: { total: paper / 1e9 },
});
const row = averageCases("M1", [measured("a", 0.5, 2e9, 4), measured("b", 1, 4e9, 8)]);

test("means over cases; FLOPs in G over cases, slices and inputs", () => {
  expect(row).toEqual({
    ...{ method: "M1", source: "ours", dice: { ET: 75, WT: 100 }, hd95: { ET: 2, WT: 0 } },
    gflops: { allCases: 6, perCase: 3, perSlice: 1.5, perInference: 0.5 },
    ...{ perCaseWithDecision: 4, lost: 7.5, seconds: 3 },
    counts: { cases: 2, slices: 4, inputs: 12, tumour: 80 },
  });
  expect(meanDice(row)).toBe(87.5);
});

test("cubes: slices are those of the case, wherever the last cube begins", () => {
  const cubes = [0, 27].map((slice) => ({ slice, window: 0, choice: 1 }));
  const { gflops } = averageCases("unet3d", [{ ...measured("a", 1, 310e9, 2), slices: 155, decisions: cubes }]);
  expect(gflops).toMatchObject({ perSlice: 2, perInference: 155 });
});

test("a table has the columns that some row has", () => {
  const paper: Row = { method: "P", source: "cited", dice: { ET: 50 }, gflops: { perStack: 128 } };
  const titles = (rows: Row[]) =>
    compareRows(rows, { title: "T", text: "" }).tables![0]!.columns.map(({ title }) => title);
  expect(titles([row])).not.toContain("G 128x128x128");
  expect(titles([row, paper])).toContain("G 128x128x128");
  expect(compareRows([row, paper], { title: "T", text: "" }).tables![0]!.rows[1]!.slice(0, 4)).toEqual([
    "P",
    "cited",
    50,
    null,
  ]);
});

test("what costs nothing has no place on a logarithmic axis, but a row", () => {
  const nothing = averageCases("skip", [measured("a", 0, 0, 4)]);
  const { figures, tables } = compareRows([row, nothing], { title: "T", text: "" });
  expect(figures![0]!.points).toEqual([{ x: 3, y: 87.5, series: "M1", panel: "ours" }]);
  expect(tables![0]!.rows.map(([method]) => method)).toEqual(["M1", "skip"]);
});
