/** @file `med-danet reproduce`: tables and figures of the paper for a bank and cases at hand. */

import { z } from "zod";
import { type Bank, readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import type { Dataset } from "../../data/dataset.ts";
import { lookUp, UserError } from "../../error.ts";
import { openFolder, requireWritable } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import type { Folder, Runtime } from "../../platform.ts";
import { formatPage, type Page } from "../../report/html.ts";
import { formatMarkdown } from "../../report/table.ts";
import { chooseSplit } from "../../train/open.ts";
import { type Context, defineCommand } from "../command.ts";
import { device, flag, json, readSplitOption, split, threads } from "../option.ts";
import type { Experiment } from "../reproduce/experiment.ts";
import { experiments } from "../reproduce/experiments/index.ts";
import type { Lab } from "../reproduce/lab.ts";
import { makeTinyScale } from "../reproduce/tiny.ts";
import { findInputCases, type InputCase } from "../segment/find-input-cases.ts";
import { version } from "../version.ts";

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
      help: "tiny: phantoms and a bank of a few training steps are made in --out; shows that all works, without data",
      value: z.enum(["tiny"]).optional(),
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
    "med-danet reproduce all --scale tiny --out tiny",
  ],
  async run([name], options, context) {
    const names = name === "all" ? Object.keys(experiments) : [name!];
    const chosen = names.map((one): [string, Experiment] => [one, lookUp(experiments, one, "experiment")]);
    await requireWritable(options.out);
    const runtime = await createNodeRuntime({ ...options, onNote: context.note });
    const lab = await openLab(options, runtime, context);
    const learned = lab.cases.filter(({ files }) => lab.bank.trainingCases.includes(files.id));
    if (learned.length > 0)
      context.complain(
        `the bank was trained on ${learned.map(({ files }) => files.id).join(", ")}: figures of these flatter it`,
      );
    const found: Record<string, Reproduced> = {};
    const failed: string[] = [];
    for (const [one, experiment] of chosen) {
      try {
        found[one] = await reproduceOne(one, experiment, { lab, force: options.force });
        context.note(`written: ${lab.out.name}/${one}.md, ${one}.html, ${one}.json`);
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
      throw new UserError(
        `${failed.join(", ")} could not be made, for the reasons above; the others are in ${lab.out.name}`,
      );
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
  { lab, force }: { lab: Lab; force: boolean },
): Promise<Reproduced> {
  const { bank, cases, out, runtime } = lab;
  const ids = cases.map(({ files }) => files.id);
  if (!force) await protectResult(out, `${name}.json`, { bank: bank.sha256, cases: ids });
  const { sections, data } = await experiment.run(lab);
  const { title } = experiment;
  const page = { title, lead: describeSource(bank, ids), sections };
  const versions = { medDanet: version, runtime: runtime.name, device: runtime.device, node: process.version };
  const result = { schemaVersion: 1, experiment: name, title, bank: bank.sha256, cases: ids, ...data, versions };
  const markdown = formatPageMarkdown(page);
  const texts = { md: markdown, html: await formatPage(page), json: JSON.stringify(result, null, 2) };
  // JSON is last: where it is, the others are too.
  for (const [ending, text] of Object.entries(texts))
    await out.write(`${name}.${ending}`, new TextEncoder().encode(`${text.trimEnd()}\n`));
  return { markdown, result };
}

/** What the options name, or what `--scale tiny` makes. Throws `UserError`. */
async function openLab(
  options: { [K in "bank" | "data" | "split" | "run" | "scale"]?: string | undefined } & { out: string },
  runtime: Runtime,
  context: Context,
): Promise<Lab> {
  const { scale } = options;
  if (scale && (options.bank ?? options.data ?? options.split ?? options.run) !== undefined)
    throw new UserError(
      `--scale ${scale} makes bank, cases and split itself: leave out --bank, --data, --split and --run`,
    );
  const out = openFolder(options.out);
  const at = scale ? await makeTinyScale(out, runtime, context) : requireFolders(options);
  const bank = await readBank(at.bank);
  const dataset = datasetOf(bank);
  const cases = await chooseCases(at.data, { bank, dataset, split: await readSplitOption(options.split) });
  return { bank, dataset, cases, data: at.data, out, trainingRun: at.run, runtime, context };
}

function requireFolders({ bank, data, run }: { [K in "bank" | "data" | "run"]?: string | undefined }) {
  if (bank === undefined || data === undefined)
    throw new UserError("an experiment needs --bank DIR and --data DIR, or --scale tiny, which makes both");
  return { bank: openFolder(bank), data: openFolder(data), run: run === undefined ? undefined : openFolder(run) };
}

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
  `Bank ${sha256.slice(0, 12)} of data set ${dataset}, setting ${setting}; cases ${ids.join(", ")}.`;

/** Without what only HTML can show. */
const formatPageMarkdown = ({ title, lead, sections }: Page): string =>
  [
    `# ${title}\n\n${lead}`,
    ...sections.flatMap(({ title, text, tables = [] }) => {
      const body = [...(text ? [text] : []), ...tables.map(formatMarkdown)];
      return body.length > 0 ? [[`## ${title}`, ...body].join("\n\n")] : [];
    }),
  ].join("\n\n");
