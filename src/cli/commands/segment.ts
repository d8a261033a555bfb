/** @file `med-danet segment`: cases in, label maps, reports and pictures out. */

import { z } from "zod";
import { type Bank, readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import { UserError } from "../../error.ts";
import { openNetworks } from "../../infer/networks.ts";
import { checkSetting, checkTarget, choosePolicy, DYNAMIC, targetOf } from "../../infer/plan.ts";
import { openFolder, requireWritable } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import { type CaseReport, describeCase, describeSummary, summarizeReports } from "../../report/case-report.ts";
import { type Context, defineCommand } from "../command.ts";
import { device, flag, json, threads } from "../option.ts";
import {
  findInputCases,
  type InputCase,
  probabilitiesName,
  protectFiles,
  resultName,
} from "../segment/find-input-cases.ts";
import { costsOf, routingOptions } from "../segment/routing-options.ts";
import { type SegmentFilesOptions, segmentFiles } from "../segment/segment-files.ts";

export const segment = defineCommand({
  argument: { name: "<input...>", help: "case folders, or folders of case folders" },
  options: {
    bank: { flags: "--bank <dir>", help: "the model bank: a folder with bank.json", value: z.string() },
    out: { flags: "--out <dir>", help: "where <case>_seg.nii.gz, <case>.json and <case>.png go", value: z.string() },
    policy: {
      flags: "--policy <name>",
      help: `${DYNAMIC} (default), or a candidate such as M4 for every window; a bank of one network alone runs that`,
      value: z.string().default(DYNAMIC),
    },
    setting: {
      flags: "--setting <name>",
      help: "window or full (default: the bank's)",
      value: z.enum(["window", "full"]).optional(),
    },
    flips: {
      flags: "--flips",
      help: "average over the four mirrors of each slice; four times the work",
      value: flag(),
    },
    ...routingOptions,
    postprocess: {
      flags: "--no-postprocess",
      help: "leave out the bank's post-processing",
      value: z.boolean().default(true),
    },
    saveProbabilities: {
      flags: "--save-probabilities",
      help: "write <case>_prob.nii.gz too: float32, 4D, one volume a class in the bank's order",
      value: flag(),
    },
    unseen: {
      flags: "--unseen",
      help: "leave out the cases that the bank learned from: after train --fold k/n, those of fold k remain",
      value: flag(),
    },
    force: { flags: "--force", help: "overwrite results that are there already", value: flag() },
    device,
    threads,
    json,
  },
  examples: [
    "med-danet segment examples/BraTS2021_01481 --bank banks/brats --out results",
    "med-danet segment cases/ --bank banks/brats --out results --policy M4",
    "med-danet segment cases/ --bank banks/brats --out results --effort 0.5",
  ],
  async run(inputs, options, context) {
    const { policy, out, force } = options;
    const bank = await readBank(openFolder(options.bank));
    const setting = options.setting ?? bank.setting;
    checkSetting(setting, bank);
    choosePolicy(policy, bank);
    const target = targetOf(options, bank, policy);
    checkTarget({ target, policy }, bank);
    const dataset = datasetOf(bank);
    await requireWritable(out);
    const found = await findInputCases(inputs, dataset);
    const { problems } = found;
    const cases = options.unseen ? keepUnseen(found.cases, bank) : found.cases;
    await protectFiles(cases, { out, force });
    if (cases.length === 0) throw new UserError(problems.join("; "));
    const { device, threads, flips, postprocess, saveProbabilities } = options;
    const runtime = await createNodeRuntime({ device, threads, onNote: context.note });
    const networks = openNetworks(bank, runtime);
    try {
      const costs = await costsOf(options, { bank, networks, note: context.note });
      const files = { bank, dataset, networks, out: openFolder(out), policy, setting, flips };
      const settings = { ...files, target, costs, postprocess, saveProbabilities };
      await segmentAll({ cases, problems, json: options.json }, settings, context);
    } finally {
      await networks.release();
    }
  },
});

function keepUnseen(cases: readonly InputCase[], { trainingCases, folder }: Bank): readonly InputCase[] {
  const learned = new Set(trainingCases);
  const unseen = cases.filter(({ files }) => !learned.has(files.id));
  if (unseen.length > 0 || cases.length === 0) return unseen;
  throw new UserError(`--unseen: ${folder.name} must not have learned from every case of the input, found none else`);
}

interface Work {
  readonly cases: readonly InputCase[];
  /** Found before any case was read. */
  readonly problems: readonly string[];
  readonly json: boolean;
}

/** A case that cannot be used is told, and the others are done. */
async function segmentAll({ cases, problems, json }: Work, options: SegmentFilesOptions, context: Context) {
  const failed = [...problems];
  const reports: Omit<CaseReport, "decisions">[] = [];
  const total = cases.length + problems.length;
  if (total > 1) for (const problem of problems) context.complain(problem);
  for (const one of cases) {
    try {
      const { decisions, ...report } = await segmentFiles(one, options, context);
      reports.push(report);
      if (!json) context.print(`${describeCase({ ...report, decisions })}\n  written  ${writtenFiles(one, options)}\n`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push(error.message);
      if (total > 1) context.complain(error.message);
    }
  }
  const summary = summarizeReports(reports);
  if (json) context.print(JSON.stringify({ cases: reports, failed, ...(summary && { summary }) }, null, 2));
  else if (summary && reports.length > 1) context.print(describeSummary(summary));
  if (failed.length === 0) return;
  throw new UserError(total === 1 ? failed[0] : `${failed.length} of ${total} cases failed, as told above`);
}

const writtenFiles = ({ files: { id } }: InputCase, { out, saveProbabilities }: SegmentFilesOptions) =>
  `${out.name}/${resultName(id)}, ${id}.json, ${id}.png${saveProbabilities ? `, ${probabilitiesName(id)}` : ""}`;
