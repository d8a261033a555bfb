/** @file The BraTS glioma data sets of all years: four co-registered, skull-stripped MRI modalities, 240x240x155, 1 mm. */

import type { Dataset } from "./dataset.ts";
import { type FileName, groupCases } from "./recognise.ts";

const channels = ["flair", "t1ce", "t1", "t2"] as const;

/** Enhancing tumour is 4 until 2021 and 3 from 2023 on. Class index -> label. */
const labels = [0, 1, 2, 4] as const;
const labels2023 = [0, 1, 2, 3] as const;

/** The end of a file name -> what it holds. "segm" occurs once, in BraTS 2020. */
const roles: Readonly<Record<string, Omit<FileName, "prefix">>> = {
  flair: { role: "flair" },
  t1ce: { role: "t1ce" },
  t1: { role: "t1" },
  t2: { role: "t2" },
  seg: { role: "truth" },
  segm: { role: "truth" },
  t2f: { role: "flair", labels: labels2023 },
  t1c: { role: "t1ce", labels: labels2023 },
  t1n: { role: "t1", labels: labels2023 },
  t2w: { role: "t2", labels: labels2023 },
};

const pattern = new RegExp(`^(?:([^.].*)[-_])?(${Object.keys(roles).join("|")})\\.nii(?:\\.gz)?$`, "i");

function parse(baseName: string): FileName | null {
  const [, prefix = "", ending] = pattern.exec(baseName) ?? [];
  return ending === undefined ? null : { prefix, ...roles[ending.toLowerCase()] };
}

export const brats: Dataset = {
  id: "brats",
  naming: `files such as CASE_${channels[0]}.nii.gz, one for each of ${channels.join(", ")}`,
  channels,
  labels,
  otherLabels: [labels2023],
  labelNames: ["background", "necrotic and non-enhancing core", "edema", "enhancing tumour"],
  regions: { ET: [4], TC: [1, 4], WT: [1, 2, 4] },
  normalization: "brainZscore",
  frame: { orientation: "LPS", spacing: [1, 1, 1], sliceSize: [240, 240] },
  recognise: (paths) => groupCases(paths, { channels, labels, parse, strayTruth: true }),
  // Brats18_TCIA01_201_1 -> Brats18_TCIA, BraTS2021_01481 -> BraTS2021, BraTS-GLI-00000-000 -> BraTS-GLI
  stratum: (id) => /^[A-Za-z]+\d*([-_][A-Za-z]+)?/.exec(id)?.[0] ?? "",
};
