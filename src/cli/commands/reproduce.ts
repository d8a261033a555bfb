/** @file `med-danet reproduce`: tables and figures of the paper for a bank and cases at hand. */

import { z } from "zod";
import { lookUp, UserError } from "../../error.ts";
import { openFolder, requireWritable } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Folder } from "../../platform.ts";
import { type SystemId, scales, systemIds } from "../../recipes/systems.ts";
import { formatPage, type Page } from "../../report/html.ts";
import { formatMarkdown } from "../../report/table.ts";
import { defineCommand } from "../command.ts";
import { device, flag, json, split, threads } from "../option.ts";
import type { Experiment, Findings } from "../reproduce/experiment.ts";
import { experiments } from "../reproduce/experiments/index.ts";
import { combineFolds } from "../reproduce/folds.ts";
import { type Lab, shorten } from "../reproduce/lab.ts";
import { openLabs } from "../reproduce/open-labs.ts";
import { version } from "../version.ts";

const systemList = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(systemIds as [SystemId, ...SystemId[]])))
  .optional();

export const reproduce = defineCommand({
  argument: { name: "<experiment>", help: `${Object.keys(experiments).join(", ")}, or all` },
  options: {
    bank: { flags: "--bank <dir>", help: "the model bank: a folder with bank.json", value: z.string().optional() },
    data: { flags: "--data <dir>", help: "folder of cases with truth", value: z.string().optional() },
    split: {
      ...split,
      help: `${split.help}; its validation cases are segmented`,
    },
    run: {
      flags: "--run <dir>",
      help: "the training that made the bank (--out of train); where decision networks are trained anew",
      value: z.string().optional(),
    },
    scale: {
      flags: "--scale <name>",
      help:
        "tiny: phantoms and a bank of a few training steps are made in --out; shows that all works, without data. " +
        "cpu (default), paper: how large compared systems are trained; without --bank by which recipe it is",
      value: z.enum(scales).optional(),
    },
    recipe: {
      flags: "--recipe <name>",
      help: "without --bank: what it is trained by (default: brats, at scale paper brats-paper)",
      value: z.string().optional(),
    },
    folds: {
      flags: "--folds <n>",
      help: "cross-validation: a bank for each of n folds, and means over the cases of all; without --bank",
      value: z.coerce.number().int().min(2, "must be 2 or more").optional(),
    },
    systems: {
      flags: "--systems <ids>",
      help: `tables 1, 2 and 7: train only these of ${systemIds.join(",")}; figures 3 and 7: show these beside ours`,
      value: systemList,
    },
    maxMinutes: {
      flags: "--max-minutes <n>",
      help: "of each training of a bank, a compared system or a single candidate: as many epochs as fit (default: the bank's)",
      value: z.coerce.number().positive("must be a number of minutes above 0").optional(),
    },
    out: {
      flags: "--out <dir>",
      help: "receives <experiment>.md, .json, .html and what they are made from; a killed run goes on (default: reproduced)",
      value: z.string().default("reproduced"),
    },
    force: { flags: "--force", help: "overwrite an experiment of another bank or other cases", value: flag() },
    device,
    threads,
    json,
  },
  examples: [
    "med-danet reproduce table3 --bank banks/brats --data brats/",
    "med-danet reproduce table4 --bank runs/first/bank --run runs/first --data brats/ --out tables",
    "med-danet reproduce figure5 --bank banks/brats --data brats/ --split split.json --json",
    "med-danet reproduce table1 --bank banks/brats --data brats/ --systems vnet,swin-unet --max-minutes 10",
    "med-danet reproduce table3 --scale cpu --folds 5 --data brats/ --out folds",
    "med-danet reproduce all --scale tiny --out tiny",
  ],
  async run([name], options, context) {
    const names = name === "all" ? Object.keys(experiments) : [name!];
    const chosen = names.map((one): [string, Experiment] => [one, lookUp(experiments, one, "experiment")]);
    const { out } = options;
    await requireWritable(out);
    const runtime = await createNodeRuntime({ ...options, onNote: context.note });
    const labsOf = openLabs(options, { runtime, context });
    await labsOf(chosen[0]![1].data ?? "mri"); // what is wrong with bank or data is told once
    const found: Record<string, Reproduced> = {};
    const failed: string[] = [];
    for (const [one, experiment] of chosen) {
      try {
        const labs = await labsOf(experiment.data ?? "mri");
        if (name === "all" && experiment.data === "ct" && !labs[0]!.dataset.globalDice) {
          context.note(`${one}: left out, it is of liver CT`);
          continue;
        }
        found[one] = await reproduceOne(one, experiment, { labs, out: openFolder(out), force: options.force });
        context.note(`written: ${out}/${one}.md, ${one}.html, ${one}.json`);
      } catch (error) {
        if (chosen.length === 1 || !(error instanceof UserError)) throw error;
        context.complain(`${one}: ${error.message}`);
        failed.push(one);
      }
    }
    const texts = Object.values(found).map(({ markdown }) => markdown.trimEnd());
    const results = Object.fromEntries(Object.entries(found).map(([one, { result }]) => [one, result]));
    const json = name === "all" ? results : results[name!];
    context.print(options.json ? JSON.stringify(json, null, 2) : texts.join("\n\n"));
    if (failed.length > 0)
      throw new UserError(`${failed.join(", ")} could not be made, for the reasons above; the others are in ${out}`);
  },
});

interface Reproduced {
  readonly markdown: string;
  readonly result: object;
}

/** Runs an experiment and writes its three files. */
async function reproduceOne(
  name: string,
  experiment: Experiment,
  { labs, out, force }: { labs: readonly Lab[]; out: Folder; force: boolean },
): Promise<Reproduced> {
  const ids = labs.flatMap(({ cases }) => cases.map(({ files }) => files.id));
  const bank = labs.map(({ bank }) => bank.sha256).join(" ");
  if (!force) await protectResult(out, `${name}.json`, { bank, cases: ids });
  const folds: Findings[] = [];
  for (const lab of labs) folds.push(await experiment.run(lab));
  const { sections, data } = combineFolds(folds);
  const { title } = experiment;
  const page = { title, lead: describeSource(labs, ids), sections };
  const { runtime } = labs[0]!;
  const versions = { medDanet: version, runtime: runtime.name, device: runtime.device, node: process.version };
  const result = { schemaVersion: 1, experiment: name, title, bank, cases: ids, ...data, versions };
  const markdown = formatPageMarkdown(page);
  const texts = { md: markdown, html: await formatPage(page), json: JSON.stringify(result, null, 2) };
  // JSON is last: where it is, the others are too.
  for (const [ending, text] of Object.entries(texts))
    await out.write(`${name}.${ending}`, new TextEncoder().encode(`${text.trimEnd()}\n`));
  return { markdown, result };
}

/** Throws `UserError` when the result that is there is of another bank or other cases. */
async function protectResult(out: Folder, file: string, wanted: { bank: string; cases: readonly string[] }) {
  if (!(await out.list()).includes(file)) return;
  const { bank, cases } = JSON.parse(new TextDecoder().decode(await out.read(file))) as typeof wanted;
  if (bank === wanted.bank && cases.join() === wanted.cases.join()) return;
  throw new UserError(
    `${out.name}/${file} is of another bank or other cases; add --force to overwrite it, or choose another --out`,
  );
}

function describeSource(labs: readonly Lab[], ids: readonly string[]): string {
  const [{ bank }] = labs as readonly [Lab];
  const banks = labs.map((lab) => shorten(lab.bank.sha256)).join(", ");
  return `Bank ${banks} of data set ${bank.dataset}, setting ${bank.setting}; cases ${ids.join(", ")}.`;
}

/** Without what only HTML can show. */
const formatPageMarkdown = ({ title, lead, sections }: Page): string =>
  [
    `# ${title}\n\n${lead}`,
    ...sections.flatMap(({ title, text, tables = [] }) => {
      const body = [...(text ? [text] : []), ...tables.map(formatMarkdown)];
      return body.length > 0 ? [[`## ${title}`, ...body].join("\n\n")] : [];
    }),
  ].join("\n\n");
