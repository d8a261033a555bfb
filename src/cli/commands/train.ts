/** @file `med-danet train`: model bank, choice labels, decision network, bank folder. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { lookUp, UserError } from "../../error.ts";
import { requireWritable } from "../../node/folder.ts";
import { createNodeRuntime, nodeGzip, openFolder } from "../../node/index.ts";
import { recipes } from "../../recipes/index.ts";
import type { LogEntry } from "../../train/log.ts";
import { type Fold, openRun } from "../../train/open.ts";
import { applySettings } from "../../train/recipe.ts";
import { train as trainAll } from "../../train/train.ts";
import { defineCommand } from "../command.ts";
import { device, flag, json, threads } from "../option.ts";
import { formatDuration } from "../progress.ts";
import { version } from "../version.ts";

const collect = z.union([z.array(z.string()), z.undefined()]).transform((values) => values ?? []);

/** "2/5" */
const foldOption = z
  .string()
  .regex(/^\d+\/\d+$/, "must be k/n such as 1/5")
  .transform((text) => text.split("/").map(Number) as [number, number])
  .refine(([number, count]) => count >= 2 && number >= 1 && number <= count, "must be 1/n to n/n, n 2 or more")
  .transform(([number, count]): Fold => ({ number, count }))
  .optional();

export const train = defineCommand({
  options: {
    recipe: { flags: "--recipe <name>", help: `one of: ${Object.keys(recipes).join(", ")}`, value: z.string() },
    data: { flags: "--data <dir>", help: "folder of case folders with truth", value: z.string() },
    out: { flags: "--out <dir>", help: "receives checkpoints/, log.jsonl and bank/", value: z.string() },
    split: {
      flags: "--split <file>",
      help: 'JSON {"train": [ids], "validation": [ids]} (default: split.json of the data, else one fold of five)',
      value: z.string().optional(),
    },
    fold: {
      flags: "--fold <k/n>",
      help: "cross-validation: fold k of n of the cases that the split trains on, or of all cases",
      value: foldOption,
    },
    set: { flags: "--set <key=value...>", help: "change a value of the recipe: bank.epochs=2", value: collect },
    resume: { flags: "--resume", help: "go on from the checkpoints in --out", value: flag() },
    device,
    threads,
    json: { ...json, help: "print the log as JSON lines" },
  },
  examples: [
    "med-danet train --recipe brats --data brats/ --out runs/first",
    "med-danet train --recipe brats --data brats/ --out runs/first --resume",
    "med-danet train --recipe brats --data brats/ --out runs/fold2 --fold 2/5",
    "med-danet train --recipe phantom --data phantoms/ --out runs/try --set bank.epochs=2 --set seed=7",
  ],
  async run(_, options, { print, note, onProgress, signal }) {
    const recipe = applySettings(lookUp(recipes, options.recipe, "recipe"), options.set);
    await requireWritable(options.out);
    const out = openFolder(options.out);
    const split =
      options.split === undefined ? undefined : { bytes: await readSplitFile(options.split), name: options.split };
    const runtime = await createNodeRuntime({ device: options.device, ...threadCount(options.threads), onNote: note });
    const onEntry = (entry: LogEntry) => print(options.json ? JSON.stringify(entry) : describe(entry));
    const { fold } = options;
    const common = {
      recipe,
      split,
      fold,
      out,
      gzip: nodeGzip,
      runtime,
      resume: options.resume,
      onProgress,
      onEntry,
      signal,
    };
    const bankFolder = openFolder(join(options.out, "bank"));
    try {
      await trainAll(await openRun({ ...common, data: openFolder(options.data) }), { bankFolder, version });
    } catch (error) {
      if (signal.aborted) note(`stopped; go on with the same command and --resume`);
      throw error;
    }
    note(`bank written to ${bankFolder.name}; use it: med-danet segment CASE --bank ${bankFolder.name} --out DIR`);
  },
});

const threadCount = (threads: number | undefined) => (threads === undefined ? {} : { threads });

async function readSplitFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UserError(`--split ${path} must be a file that can be read: ${(error as Error).message}`);
  }
}

/** A line of the log for a reader. */
function describe(entry: LogEntry): string {
  const { phase, epoch, seconds, loss, validation, counts } = entry;
  const took = typeof seconds === "number" ? `, ${formatDuration(seconds)}` : "";
  if (phase === "labels") return `labels: windows for skip and each candidate ${JSON.stringify(counts)}${took}`;
  const losses = typeof loss === "number" ? loss.toFixed(4) : describeNumbers(loss as Record<string, number>);
  const looks = validation ? `\n  validation Dice: ${describeValidation(validation as never)}` : "";
  return `${phase} epoch ${epoch}: loss ${losses}${took}${looks}`;
}

const describeNumbers = (numbers: Readonly<Record<string, number>>): string =>
  Object.entries(numbers)
    .map(([key, value]) => `${key} ${value.toFixed(3)}`)
    .join(", ");

const describeValidation = (byCandidate: Readonly<Record<string, Readonly<Record<string, number>>>>): string =>
  Object.entries(byCandidate)
    .map(([id, regions]) => `${id} (${describeNumbers(regions)})`)
    .join(", ");
