/** @file The rows of the paper's tables: BraTS 2019, means of five folds, 66 cases in each sum of FLOPs. */

import type { Row } from "./row.ts";

type Printed = readonly [
  ET: number,
  WT: number,
  TC: number,
  all: number,
  perCase: number,
  slice: number,
  input: number,
];

const readRow = (method: string, [ET, WT, TC, allCases, perCase, perSlice, perInference]: Printed): Row => ({
  ...{ method, source: "paper", dice: { ET, TC, WT } },
  gflops: { allCases, perCase, perSlice, perInference },
});

const readTable = <K extends string>(table: Readonly<Record<K, Printed>>): Readonly<Record<K, Row>> =>
  Object.fromEntries(
    Object.entries<Printed>(table).map(([method, printed]) => [method, readRow(method, printed)]),
  ) as Record<K, Row>;

/** Table 3 by setting: the candidates, and "dynamic" for "Ours". */
export const table3Rows: Readonly<Record<"window" | "full", Readonly<Record<string, Row>>>> = {
  window: readTable({
    M1: [75.49, 90.21, 81.58, 99026.4, 1500.4, 9.68, 0.61],
    M2: [78.31, 90.61, 82.59, 174646.57, 2646.16, 17.07, 1.07],
    M3: [78.72, 90.3, 82.99, 385957.45, 5847.84, 37.73, 2.36],
    M4: [77.21, 91.08, 83.27, 814962.73, 12347.92, 79.66, 4.98],
    dynamic: [78.75, 90.4, 83.13, 102398.01, 1551.485, 10.01, 0.63],
  }),
  full: readTable({
    M1: [76.86, 90.16, 80.43, 21748.98, 329.53, 2.13, 2.13],
    M2: [77.22, 89.99, 81.61, 38362.5, 581.25, 3.75, 3.75],
    M3: [76.64, 90.16, 82.21, 90862.86, 1376.71, 8.88, 8.88],
    M4: [76.48, 90.57, 83.21, 203351.94, 3081.09, 19.88, 19.88],
    dynamic: [77.73, 90.65, 82.72, 38211.12, 578.96, 3.74, 3.74],
  }),
};

/** Table 4. Its first three rows have both softmaxes; the second is printed again as "w/ S & F". */
export const table4Rows = readTable({
  "alpha 0.0001, softmax of S and F": [78.84, 90.48, 83.28, 129768.88, 1966.2, 12.69, 0.79],
  "alpha 0.001, softmax of S and F": [77.0, 90.17, 82.34, 51994.98, 787.8, 5.08, 0.32],
  "alpha 0.01, softmax of S and F": [77.21, 90.19, 81.8, 49951.03, 756.83, 4.88, 0.31],
  "alpha 0.001, softmax of S": [75.57, 90.1, 81.85, 48255.83, 731.15, 4.72, 0.29],
  "alpha 0.001, softmax of F": [78.75, 90.4, 83.13, 102398.01, 1551.485, 10.01, 0.63],
  "alpha 0.001, no softmax": [77.12, 90.31, 82.66, 69618.7, 1054.83, 6.81, 0.43],
});

/** Table 5, each with the labels of both softmaxes: "ShuffleNetV2-M" is a row of Table 4 again. */
export const table5Rows = readTable({
  MobileNetV2: [78.54, 90.22, 82.44, 334046.58, 5061.31, 32.65, 2.04],
  GhostNet: [75.57, 90.19, 81.48, 82536.6, 1250.56, 8.07, 0.5],
  ShuffleNetV2: [77.2, 90.19, 81.48, 96606.43, 1463.73, 9.44, 0.59],
  "ShuffleNetV2-M": [77.0, 90.17, 82.34, 51994.98, 787.8, 5.08, 0.32],
});

/** Table 6 by number of candidates. */
export const table6Rows = readTable({
  "0 candidates": [9.09, 0, 0, 0, 0, 0, 0],
  "2 candidates": [75.6, 90.15, 82.11, 54247.84, 821.94, 5.3, 0.33],
  "4 candidates": [77.0, 90.17, 82.34, 51994.98, 787.8, 5.08, 0.32],
  "6 candidates": [78.71, 90.76, 82.92, 84130.02, 1274.7, 8.22, 0.51],
});
