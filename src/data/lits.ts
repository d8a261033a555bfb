/** @file LiTS 2017: CT of the abdomen, liver and its lesions, slices of 512x512 at any spacing. Bilic et al., arXiv:1901.04056. */

import type { Dataset } from "./dataset.ts";
import { type FileName, groupCases } from "./recognise.ts";

const channels = ["ct"] as const;
const labels = [0, 1, 2] as const;

/** volume-12.nii with segmentation-12.nii; test-volume-3.nii; and volume-12_seg.nii.gz, as results are called. */
const pattern = /^(?!\.)(.*?)(volume|segmentation)-(\d+)(_seg)?\.nii(?:\.gz)?$/i;

function parse(baseName: string): FileName | null {
  const [, before = "", kind, number, seg] = pattern.exec(baseName) ?? [];
  if (kind === undefined) return null;
  const role = kind.toLowerCase() === "segmentation" || seg !== undefined ? "truth" : channels[0];
  return { prefix: `${before}volume-${number}`, role };
}

/** The HU window of Li et al. (H-DenseUNet), whose figures Table 7 cites: the liver's contrast, bone cut off. */
const [LOW, HIGH] = [-200, 250];

export const lits: Dataset = {
  id: "lits",
  naming: "files such as volume-0.nii, with segmentation-0.nii where there is a truth",
  channels,
  labels,
  otherLabels: [],
  labelNames: ["background", "liver", "lesion"],
  regions: { liver: [1, 2], lesion: [2] },
  globalDice: true,
  // In units of about the sd of a windowed slice. Air becomes 0, as what lies outside a brain: prepared cases keep the body only.
  normalization: [{ kind: "clip", low: LOW, high: HIGH, mean: LOW, sd: 100 }],
  frame: { orientation: "LPS", spacing: [null, null, null], sliceSize: [512, 512] },
  // The public copies keep volumes and segmentations in one folder, in batches or in folders of their own.
  recognise: (paths) => groupCases(paths, { channels, labels, parse, place: () => "" }),
  stratum: () => "",
};
