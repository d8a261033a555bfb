/** @file `med-danet reproduce`: tables and figures of the paper for a bank and cases at hand. */

import { z } from "zod";
import { type Bank, readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import type { Dataset } from "../../data/dataset.ts";
import { lookUp, UserError } from "../../error.ts";
import { openFolder, requireWritable } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Folder } from "../../platform.ts";
import { formatPage, type Page } from "../../report/html.ts";
import { formatMarkdown } from "../../report/table.ts";
import { chooseSplit } from "../../train/open.ts";
import { defineCommand } from "../command.ts";
import { device, flag, json, readSplitOption, split, threads } from "../option.ts";
import type { Experiment } from "../reproduce/experiment.ts";
import { experiments } from "../reproduce/experiments/index.ts";
import { findInputCases, type InputCase } from "../segment/find-input-cases.ts";
import { version } from "../version.ts";

export const reproduce = defineCommand({
  argument: { name: "<experiment>", help: Object.keys(experiments).join(", ") },
  options: {
    bank: { flags: "--bank <dir>", help: "the model bank: a folder with bank.json", value: z.string() },
    data: { flags: "--data <dir>", help: "folder of cases with truth", value: z.string() },
    split: {
      ...split,
      help: `${split.help}; its validation cases are segmented`,
    },
    run: {
      flags: "--run <dir>",
      help: "the training that made the bank (--out of train); where decision networks are trained anew",
      value: z.string().optional(),
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
  ],
  async run([name], options, context) {
    const experiment: Experiment = lookUp(experiments, name!, "experiment");
    const bank = await readBank(openFolder(options.bank));
    const dataset = datasetOf(bank);
    const data = openFolder(options.data);
    const cases = await chooseCases(data, { bank, dataset, split: await readSplitOption(options.split) });
    const ids = cases.map(({ files }) => files.id);
    const learned = ids.filter((id) => bank.trainingCases.includes(id));
    if (learned.length > 0)
      context.complain(`the bank was trained on ${learned.join(", ")}: figures of these flatter it`);
    await requireWritable(options.out);
    const out = openFolder(options.out);
    if (!options.force) await protectResult(out, `${name}.json`, { bank: bank.sha256, cases: ids });
    const runtime = await createNodeRuntime({ ...options, onNote: context.note });
    const trainingRun = options.run === undefined ? undefined : openFolder(options.run);
    const lab = { bank, dataset, cases, data, out, trainingRun, runtime, context };
    const { sections, data: found } = await experiment.run(lab);
    const { title } = experiment;
    const page = { title, lead: describeSource(bank, ids), sections };
    const versions = { medDanet: version, runtime: runtime.name, device: runtime.device, node: process.version };
    const result = { schemaVersion: 1, experiment: name, title, bank: bank.sha256, cases: ids, ...found, versions };
    const texts = { md: formatPageMarkdown(page), html: await formatPage(page), json: JSON.stringify(result, null, 2) };
    // JSON is last: where it is, the others are too.
    for (const [ending, text] of Object.entries(texts))
      await out.write(`${name}.${ending}`, new TextEncoder().encode(`${text.trimEnd()}\n`));
    context.print((options.json ? texts.json : texts.md).trimEnd());
    context.note(`written: ${out.name}/${name}.md, ${name}.html, ${name}.json`);
  },
});

/** The validation cases of the split, with truth. Throws `UserError` when there are none, or one has no truth. */
async function chooseCases(
  data: Folder,
  { bank, dataset, split }: { bank: Bank; dataset: Dataset; split: Parameters<typeof chooseSplit>[0]["split"] },
): Promise<InputCase[]> {
  const { cases, problems } = await findInputCases([data.name], dataset);
  if (problems.length > 0) throw new UserError(problems.join("; "));
  const files = cases.map((one) => one.files);
  const { validation } = await chooseSplit(
    { data, split, fold: undefined, recipe: { seed: bank.seed } },
    dataset,
    files,
  );
  if (validation.length === 0)
    throw new UserError(
      `${data.name}: needs validation cases, the split has none; give {"train": [ids], "validation": [ids]} with --split`,
    );
  const chosen = validation.map((id) => cases.find((one) => one.files.id === id)!);
  const blind = chosen.find((one) => one.files.truth === undefined);
  if (blind)
    throw new UserError(`case "${blind.files.id}" must have a truth to be measured; leave it out with --split`);
  return chosen;
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

const describeSource = ({ sha256, dataset, setting }: Bank, ids: readonly string[]): string =>
  `Bank ${sha256.slice(0, 12)} of data set ${dataset}, setting ${setting}; cases ${ids.join(", ")}. ` +
  "Rows of the paper are its BraTS 2019 figures, of other cases and another training: they stand beside ours, not against them.";

const formatPageMarkdown = ({ title, lead, sections }: Page): string =>
  [
    `# ${title}\n\n${lead}`,
    ...sections.map((section) =>
      [
        `## ${section.title}`,
        ...(section.text ? [section.text] : []),
        ...(section.tables ?? []).map(formatMarkdown),
      ].join("\n\n"),
    ),
  ].join("\n\n");
