/** @file What a recipe made of a data set, for its reader, before the training begins. */

import type { Dataset } from "../data/dataset.ts";
import type { ChannelNormalization } from "../data/normalization.ts";
import type { Recipe } from "../train/recipe.ts";

/** A few aligned lines. */
export function describePlan(dataset: Dataset, recipe: Recipe): string {
  const { channels, labels, labelNames, regions, frame, normalization } = dataset;
  const list = (entries: readonly string[]) => entries.join(", ");
  const spacing = frame.spacing.map((mm) => (mm === null ? "own" : String(Number(mm.toFixed(3))))).join(" x ");
  const rules =
    typeof normalization === "string"
      ? normalization
      : list(normalization.map((rule, c) => `${channels[c]} ${describeRule(rule)}`));
  const lines = [
    ["labels", list(labels.map((label, i) => `${label} ${labelNames[i]}`))],
    ["regions", list(Object.entries(regions).map(([region, own]) => `${region} = ${own.join(" + ")}`))],
    ["intensities", rules],
    ["slices", `${frame.sliceSize.join("x")}, axes ${frame.orientation}, spacing ${spacing} mm`],
    [
      "input",
      `${recipe.inputSize}x${recipe.inputSize}, ${recipe.setting === "full" ? "the whole slice" : `windows at stride ${recipe.stride}`}`,
    ],
    ["bank", list(recipe.candidates.map(({ id, network, config }) => `${id} ${network} ${describeConfig(config)}`))],
    ["training", `${recipe.bank.epochs} epochs of ${recipe.bank.stepsPerEpoch} steps of ${recipe.bank.batch}`],
  ];
  return lines.map(([name, text]) => `  ${name.padEnd(11)} ${text}`).join("\n");
}

const describeRule = (rule: ChannelNormalization) =>
  rule.kind === "zscore"
    ? `z-score over ${rule.over === "all" ? "all voxels" : "voxels that are not 0"}`
    : `clipped to ${rule.low} ... ${rule.high}, mean ${rule.mean.toFixed(1)}, sd ${rule.sd.toFixed(1)}`;

const describeConfig = (config: Recipe["candidates"][number]["config"]) =>
  Object.entries(config)
    .map(([key, value]) => `${key} ${value}`)
    .join(" ");
