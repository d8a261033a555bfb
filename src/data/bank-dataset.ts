/** @file The data set of a bank, as the bank saw it. */

import type { Bank } from "../danet/bank.ts";
import { lookUp, UserError } from "../error.ts";
import type { Dataset } from "./dataset.ts";
import { datasets } from "./index.ts";
import { type NormalizationId, normalizations } from "./normalization.ts";

/** Naming of files from the table of data sets; channels, normalization and frame from the bank. Throws `UserError` when they do not fit. */
export function datasetOf(bank: Bank): Dataset {
  const dataset: Dataset = lookUp(datasets, bank.dataset, "data set");
  lookUp(normalizations, bank.normalization, "normalization");
  const foreign = bank.channels.find((channel) => !dataset.channels.includes(channel));
  if (foreign !== undefined || bank.labels.join() !== dataset.labels.join()) {
    throw new UserError(
      `${bank.folder.name}: the bank of data set "${dataset.id}" must use channels among ${dataset.channels.join(", ")} and labels ` +
        `${dataset.labels.join(", ")}; it has ${bank.channels.join(", ")} and ${bank.labels.join(", ")}`,
    );
  }
  return {
    ...dataset,
    channels: bank.channels,
    normalization: bank.normalization as NormalizationId,
    frame: bank.frame,
  };
}
