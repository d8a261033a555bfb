/** @file The data set of a bank, as the bank saw it. */

import type { Bank } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import type { Dataset } from "./dataset.ts";
import { normalizationSchema } from "./normalization.ts";
import { findDataset } from "./open.ts";

/** Naming of files from the table of data sets; channels, normalization and frame from the bank. Throws `UserError` when they do not fit. */
export function datasetOf(bank: Bank): Dataset {
  const found = findDataset(bank.dataset);
  const { channels, labels, regions, frame } = bank;
  const normalization = readNormalization(bank);
  if ("family" in found) return found.family.restore({ channels, labels, regions, normalization, frame });
  const { dataset } = found;
  const foreign = channels.find((channel) => !dataset.channels.includes(channel));
  if (foreign !== undefined || labels.join() !== dataset.labels.join()) {
    throw new UserError(
      `${bank.folder.name}: the bank of data set "${dataset.id}" must use channels among ${dataset.channels.join(", ")} and labels ` +
        `${dataset.labels.join(", ")}; it has ${channels.join(", ")} and ${labels.join(", ")}`,
    );
  }
  return { ...dataset, channels, normalization, frame };
}

function readNormalization({ normalization, channels, folder }: Bank): Dataset["normalization"] {
  const { data } = normalizationSchema.safeParse(normalization);
  if (data !== undefined && (data === "brainZscore" || data.length === channels.length)) return data;
  throw new UserError(
    `${folder.name}: bank.json: normalization must be "brainZscore" or a rule for each of ${channels.length} channels, ` +
      `found ${JSON.stringify(normalization)}`,
  );
}
