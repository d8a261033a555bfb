/**
 * @file The rows of the paper's tables. Tables 3 to 6 and 8: BraTS 2019, means of five folds, 66 cases in each sum of
 * FLOPs; Tables 1, 2 and 7: the challenges' own cases, FLOPs of 128x128x128 voxels.
 */

import type { CountedRow, Row } from "./row.ts";

type Printed = readonly [
  ET: number,
  WT: number,
  TC: number,
  all: number,
  perCase: number,
  slice: number,
  input: number,
];

const readRow = (method: string, [ET, WT, TC, allCases, perCase, perSlice, perInference]: Printed): CountedRow => ({
  ...{ method, source: "paper", dice: { ET, TC, WT } },
  gflops: { allCases, perCase, perSlice, perInference },
});

const readTable = <K extends string>(table: Readonly<Record<K, Printed>>): Readonly<Record<K, CountedRow>> =>
  Object.fromEntries(
    Object.entries<Printed>(table).map(([method, printed]) => [method, readRow(method, printed)]),
  ) as Record<K, CountedRow>;

/** Table 3 by setting: the candidates, and "dynamic" for "Ours". */
export const table3Rows: Readonly<Record<"window" | "full", Readonly<Record<string, CountedRow>>>> = {
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

/** "Per case" as printed; "per slice" is its 128th, also where two decimals of it were printed first. */
const ofStack = (perStack: number | undefined): Row["gflops"] =>
  perStack === undefined ? {} : { perStack, perPlane: perStack / 128 };

type Dice = readonly [ET: number, WT: number, TC: number];
type Hd95 = readonly [ET: number, WT: number, TC: number];
type System = readonly [...Dice, ...([...Hd95, perStack?: number] | [])];

/** `cited` names the systems that are not here. */
function readSystems<K extends string>(cited: readonly NoInfer<K>[], systems: Readonly<Record<K, System>>) {
  const rows = Object.entries<System>(systems).map(([method, [ET, WT, TC, ...more]]): [string, Row] => {
    const hd95 = more.length === 0 ? {} : { hd95: { ET: more[0], TC: more[2], WT: more[1] } };
    const source = cited.includes(method as K) ? "cited" : "paper";
    return [method, { method, source, dice: { ET, TC, WT }, ...hd95, gflops: ofStack(more[3]) }];
  });
  return Object.fromEntries(rows) as Record<K, Row>;
}

/** Table 1: BraTS 2019, the challenge's 125 validation cases. */
export const table1Rows = readSystems(["Wang et al.", "Chen et al.", "Li et al.", "Frey et al."], {
  "3D U-Net": [70.86, 87.38, 72.48, 5.062, 9.432, 8.719, 1669.53],
  "V-Net": [73.89, 88.73, 76.56, 6.131, 6.256, 8.705, 749.29],
  "Attention U-Net": [75.96, 88.81, 77.2, 5.202, 7.756, 8.258, 132.67],
  "Wang et al.": [73.7, 89.4, 80.7, 5.994, 5.677, 7.357],
  "Chen et al.": [74.16, 90.26, 79.25, 4.575, 4.378, 7.954],
  "Li et al.": [77.1, 88.6, 81.3, 6.033, 6.232, 7.409],
  "Frey et al.": [78.7, 89.6, 80.0, 6.005, 8.171, 8.241],
  TransUNet: [78.17, 89.48, 78.91, 4.832, 6.667, 7.365, 1205.76],
  "Swin-UNet": [78.49, 89.38, 78.75, 6.925, 7.505, 9.26, 250.88],
  TransBTS: [78.36, 88.89, 81.41, 5.908, 7.599, 7.584, 333.09],
  "Med-DANet": [79.99, 90.13, 80.83, 4.086, 5.826, 6.886, 77.78],
});

/** Table 2: BraTS 2020, the challenge's 125 validation cases. */
export const table2Rows = readSystems(["Liu et al.", "Vu et al.", "Ghaffari et al."], {
  "3D U-Net": [68.76, 84.11, 79.06, 50.983, 13.366, 13.607, 1669.53],
  "V-Net": [61.79, 84.63, 75.26, 47.702, 20.407, 12.175, 749.29],
  "Deeper V-Net": [68.97, 86.11, 77.9, 43.518, 14.499, 16.153],
  "3D Residual U-Net": [71.63, 82.46, 76.47, 37.422, 12.337, 13.105, 407.37],
  "Liu et al.": [76.37, 88.23, 80.12, 21.39, 6.68, 6.49],
  "Vu et al.": [77.17, 90.55, 82.67, 27.04, 4.99, 8.63],
  "Ghaffari et al.": [78.0, 90.0, 82.0],
  TransUNet: [78.42, 89.46, 78.37, 12.851, 5.968, 12.84, 1205.76],
  "Swin-UNet": [78.95, 89.34, 77.6, 11.005, 7.855, 14.594, 250.88],
  TransBTS: [78.5, 89.0, 81.36, 16.716, 6.469, 10.468, 333.09],
  "Med-DANet": [80.57, 90.28, 81.34, 6.474, 6.718, 7.416, 77.71],
});

/** Table 7: LiTS 2017, the challenge's test cases, Dice of each case and of all. Of systems that it only cites it prints no FLOPs. */
export const table7Rows = Object.fromEntries(
  (
    [
      ["U-Net (Chlebus et al.)", { lesion: 65.0 }],
      ["3D DenseUNet w/o P", { lesion: 59.4, liver: 93.6 }, { lesion: 78.8, liver: 92.9 }],
      ["2D DenseUNet w/o P", { lesion: 67.7, liver: 94.7 }, { lesion: 80.1, liver: 94.7 }],
      ["2D DenseNet w/ P", { lesion: 68.3, liver: 95.3 }, { lesion: 81.8, liver: 95.9 }],
      ["2D DenseUNet w/ P", { lesion: 70.2, liver: 95.8 }, { lesion: 82.1, liver: 96.3 }],
      ["I3D", { lesion: 62.4, liver: 95.7 }, { lesion: 77.6, liver: 96.0 }],
      ["I3D w/ P", { lesion: 66.6, liver: 95.6 }, { lesion: 79.9, liver: 96.2 }],
      ["Han", { lesion: 67.0 }],
      ["Vorontsov et al.", { lesion: 65.0 }],
      ["TransUNet", { lesion: 61.7, liver: 95.4 }, { lesion: 77.4, liver: 95.6 }, 1200.64],
      ["Swin-UNet", { liver: 92.7 }, { lesion: 67.6, liver: 91.6 }, 249.6],
      ["TransBTS", { lesion: 70.3, liver: 96.0 }, { lesion: 81.5, liver: 96.4 }, 330.0],
      ["Med-DANet", { lesion: 70.5, liver: 96.1 }, { lesion: 81.9, liver: 96.6 }, 37.12],
    ] as const
  ).map(([method, dice, globalDice, perStack]): [string, Row] => [
    method,
    {
      ...{ method, source: perStack === undefined ? "cited" : "paper", dice, gflops: ofStack(perStack) },
      ...(globalDice && { globalDice }),
    },
  ]),
);

/** Table 8. A slice of individual training is a 128th of the case, one of joint training a 155th. */
export const table8Rows = {
  individual: {
    ...{ method: "individual", source: "paper", dice: { ET: 75.73, TC: 82.31, WT: 90.25 } },
    ...{ gflops: { perCase: 962.87, perSlice: 7.52 }, trainingHours: 21.99 },
  },
  joint: {
    ...{ method: "joint", source: "paper", dice: { ET: 78.75, TC: 83.13, WT: 90.4 } },
    ...{ gflops: { perCase: 1551.485, perSlice: 10.01 }, trainingHours: 14.63 },
  },
} as const satisfies Readonly<Record<string, Row>>;
