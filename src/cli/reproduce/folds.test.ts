import { expect, test } from "vitest";
import { averageRows, combineFolds } from "./folds.ts";
import type { Row } from "./row.ts";

const fold = (cases: number, dice: number, tumour: number, lost: number): Row => ({
  ...{ method: "M1", source: "ours", dice: { ET: dice }, hd95: { ET: 1 } },
  gflops: { allCases: 10 * cases, perCase: 10, perSlice: 10 / 155, perInference: 10 / 310 },
  ...{ perCaseWithDecision: 11, lost, seconds: dice },
  counts: { cases, slices: 155 * cases, inputs: 310 * cases, tumour },
});
const paper: Row = { method: "M1", source: "paper", dice: { ET: 75 }, gflops: { perCase: 1 } };

test("means weighted by cases, tumour lost by its voxels; the paper's row once", () => {
  expect(
    averageRows([
      [fold(3, 80, 100, 2), paper],
      [fold(1, 60, 300, 4), paper],
    ]),
  ).toEqual([
    {
      ...{ method: "M1", source: "ours", dice: { ET: 75 }, hd95: { ET: 1 } },
      gflops: {
        allCases: 40,
        perCase: 10,
        perSlice: expect.closeTo(10 / 155, 12),
        perInference: expect.closeTo(10 / 310, 12),
      },
      ...{ perCaseWithDecision: 11, lost: 3.5, seconds: 75 },
      counts: { cases: 4, slices: 620, inputs: 1240, tumour: 400 },
    },
    paper,
  ]);
});

test("one fold is what it is; more are listed below their mean", () => {
  const findings = (dice: number) => ({ sections: [{ title: "T" }], data: { rows: [fold(1, dice, 1, 0)] } });
  expect(combineFolds([findings(1)])).toEqual(findings(1));
  const { sections, data } = combineFolds([findings(40), findings(60)]);
  expect(sections.map(({ title }) => title)).toEqual(["Mean over the cases of 2 folds", "Fold 1: T", "Fold 2: T"]);
  expect(data.rows![0]!.dice).toEqual({ ET: 50 });
});
