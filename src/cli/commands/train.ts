/** @file `med-danet train`: model bank, choice labels, decision network, bank folder. */

import { join } from "node:path";
import { z } from "zod";
import { requireWritable } from "../../node/folder.ts";
import { createNodeRuntime, nodeGzip, openFolder } from "../../node/index.ts";
import { recipes } from "../../recipes/index.ts";
import { formatPage } from "../../report/html.ts";
import { formatText } from "../../report/table.ts";
import { checkTables, describeTraining } from "../../report/training-report.ts";
import type { Looks } from "../../train/best.ts";
import type { LogEntry } from "../../train/log.ts";
import { type Fold, openRun } from "../../train/open.ts";
import { fitToMinutes } from "../../train/plan-time.ts";
import type { Recipe } from "../../train/recipe.ts";
import type { TrainRun } from "../../train/run.ts";
import { train as trainAll } from "../../train/train.ts";
import { defineCommand } from "../command.ts";
import { describePlan } from "../describe-plan.ts";
import { device, flag, json, readSplitOption, split, threads } from "../option.ts";
import { formatDuration } from "../progress.ts";
import { drawAhead } from "../train/draw-ahead.ts";
import { openTraining } from "../train/open-training.ts";
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
    recipe: {
      flags: "--recipe <name>",
      help: `one of: ${Object.keys(recipes).join(", ")}; with --only decision the bank's own where it is left out`,
      value: z.string().optional(),
    },
    only: {
      flags: "--only <phase>",
      help: "decision: labels and decision network over the candidates of --bank, whoever made them",
      value: z.enum(["decision"]).optional(),
    },
    bank: {
      flags: "--bank <dir>",
      help: "with --only decision: the bank; it stays as it is",
      value: z.string().optional(),
    },
    data: {
      flags: "--data <dir>",
      help: "folder of cases with truth; for decathlon the one with dataset.json",
      value: z.string(),
    },
    out: { flags: "--out <dir>", help: "receives checkpoints/, log.jsonl, report.html and bank/", value: z.string() },
    split,
    fold: {
      flags: "--fold <k/n>",
      help: "cross-validation: fold k of n of the cases that the split trains on, or of all cases",
      value: foldOption,
    },
    set: { flags: "--set <key=value...>", help: "change a value of the recipe: bank.epochs=2", value: collect },
    maxMinutes: {
      flags: "--max-minutes <n>",
      help: "train as many epochs of the bank as fit into this time with all that follows; timed at the start",
      value: z.coerce.number().positive("must be a number of minutes above 0").optional(),
    },
    resume: { flags: "--resume", help: "go on from the checkpoints in --out", value: flag() },
    device,
    threads,
    json: { ...json, help: "print the log as JSON lines" },
  },
  examples: [
    "med-danet train --recipe brats --data brats/ --out runs/first",
    "med-danet train --recipe brats --data brats/ --out runs/first --resume",
    "med-danet train --recipe brats --data brats/ --out runs/hour --max-minutes 60",
    "med-danet train --recipe brats --data brats/ --out runs/fold2 --fold 2/5",
    "med-danet train --recipe decathlon --data Task04_Hippocampus/ --out runs/hippocampus --fold 1/5",
    "med-danet train --only decision --bank banks/mine --data brats/ --out runs/decision",
    "med-danet train --recipe phantom --data phantoms/ --out runs/try --set bank.epochs=2 --set seed=7",
  ],
  async run(_, options, { print, note, onProgress, signal }) {
    await requireWritable(options.out);
    const [data, out] = [openFolder(options.data), openFolder(options.out)];
    const source = { folder: data, gzip: nodeGzip, watch: { onProgress, signal } };
    const { recipe, dataset, given, isPlanned } = await openTraining(options, source);
    if (isPlanned) note(describePlan(dataset, recipe));
    const runtime = await createNodeRuntime({ device: options.device, ...threadCount(options.threads), onNote: note });
    let run: TrainRun | undefined;
    let written = performance.now();
    const onEntry = async (entry: LogEntry) => {
      print(options.json ? JSON.stringify(entry) : describe(entry, recipe));
      if (!run || performance.now() - written < REPORT_EVERY) return;
      await writeReport(run);
      written = performance.now();
    };
    const { fold } = options;
    const common = {
      ...{ recipe, dataset, given, data },
      split: await readSplitOption(options.split),
      fold,
      out,
      gzip: nodeGzip,
      runtime,
      drawer: drawAhead,
      resume: options.resume,
      onProgress,
      onEntry,
      signal,
    };
    const bankFolder = openFolder(join(options.out, "bank"));
    try {
      run = await fitToMinutes(await openRun(common), options.maxMinutes);
      if (options.maxMinutes)
        note(`${run.recipe.bank.epochs} epochs of the bank fit into ${options.maxMinutes} minutes`);
      await trainAll(run, { bankFolder, version });
      await writeReport(run);
    } catch (error) {
      if (signal.aborted && run) await writeReport(run);
      if (signal.aborted) note(`stopped; go on with the same command and --resume`);
      throw error;
    }
    note(`curves, labels and decisions: ${out.name}/${REPORT}`);
    note(`bank written to ${bankFolder.name}; use it: med-danet segment CASE --bank ${bankFolder.name} --out DIR`);
  },
});

const REPORT = "report.html";
/** Milliseconds: drawing takes half a second the first time, then a tenth. */
const REPORT_EVERY = 30_000;

async function writeReport({ recipe, training, validation, log, out }: TrainRun) {
  const cases = { training: training.length, validation: validation.length };
  const page = describeTraining({ recipe, cases, entries: log.entries() });
  await out.write(REPORT, new TextEncoder().encode(await formatPage(page)));
}

const threadCount = (threads: number | undefined) => (threads === undefined ? {} : { threads });

/** A line of the log for a reader; tables for the check of the decision network. */
function describe({ phase, epoch, seconds, loss, validation, counts, check }: LogEntry, recipe: Recipe): string {
  const took = seconds === undefined ? "" : `, ${formatDuration(seconds)}`;
  if (check) {
    const tables = checkTables(check, ["skip", ...recipe.candidates.map(({ id }) => id)]);
    return `decision network checked${took}\n${tables.map(formatText).join("\n").trimEnd()}`;
  }
  if (phase === "labels") return `labels: windows for skip and each candidate ${JSON.stringify(counts)}${took}`;
  const losses = typeof loss === "number" ? loss.toFixed(4) : describeNumbers(loss ?? {});
  const looks = validation ? `\n  validation Dice: ${describeLooks(validation)}` : "";
  return `${phase} epoch ${epoch}: loss ${losses}${took}${looks}`;
}

const describeNumbers = (numbers: Readonly<Record<string, number>>): string =>
  Object.entries(numbers)
    .map(([key, value]) => `${key} ${value.toFixed(3)}`)
    .join(", ");

const describeLooks = (byCandidate: Looks): string =>
  Object.entries(byCandidate)
    .map(([id, regions]) => `${id} (${describeNumbers(regions)})`)
    .join(", ");
