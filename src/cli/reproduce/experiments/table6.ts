/** @file Table 6: how many candidates the bank has. Fewer are a part of the bank at hand, with a decision network of their own. */

import type { BankModel } from "../../../danet/bank.ts";
import { measureCase } from "../../../eval/case-metrics.ts";
import { regionsInFile } from "../../../report/case-report.ts";
import type { InputCase } from "../../segment/find-input-cases.ts";
import { defineExperiment } from "../experiment.ts";
import { dynamicJob, type Lab, loadLabCase, segmentJobs } from "../lab.ts";
import { table6Rows } from "../paper-rows.ts";
import { averageCases, compareRows, listCases, type MeasuredCase, type Row } from "../row.ts";
import { ownChoice, trainVariants } from "../variants.ts";

export const table6 = defineExperiment({
  title: "Table 6: number of candidates",
  async run(lab) {
    const { bank } = lab;
    const part = lightestOfEachKind(bank.candidates);
    const parts = part.length < bank.candidates.length ? [part, bank.candidates] : [bank.candidates];
    const variants = parts.map((part) => ({ candidates: part.map(({ id }) => id), choice: ownChoice(bank) }));
    const banks = await trainVariants(lab, variants);
    const nothing: MeasuredCase[] = [];
    for (const one of lab.cases) nothing.push(await skipCase(lab, one));
    const reports = [nothing, ...(await segmentJobs(lab, banks.map(dynamicJob)))];
    const methods = [[], ...parts].map(({ length }, i) => ({ method: `${length} candidates`, cases: reports[i]! }));
    const ours = methods.map(({ method, cases }) => averageCases(method, cases));
    const paper: Readonly<Record<string, Row>> = table6Rows;
    const names = [...new Set([...Object.keys(paper), ...ours.map(({ method }) => method)])];
    const rows = names.flatMap((name) => [
      ...ours.filter(({ method }) => method === name),
      ...(paper[name] ? [paper[name]] : []),
    ]);
    const text =
      `Without candidates every input is skipped. ${part.length} of ours are ${part.map(({ id }) => id).join(" and ")}, the ` +
      `lightest of each kind of network as in the paper, with a decision network trained on labels over them. A row of the ` +
      `paper alone needs a bank of that many candidates.`;
    const section = compareRows(rows, { title: "Number of candidates", text });
    return { sections: [section, listCases(methods)], data: { rows } };
  },
});

/** Candidates are in rising cost: the first of each network. */
const lightestOfEachKind = (candidates: readonly BankModel[]): BankModel[] =>
  candidates.filter(({ network }, i) => candidates.findIndex((other) => other.network === network) === i);

/** What skipping every input of a case gives: no tumour, and no cost. */
async function skipCase(lab: Lab, one: InputCase): Promise<MeasuredCase> {
  const { truth, source, labels } = await loadLabCase(lab, one);
  const { grid } = source;
  const none = { macs: 0, paper: 0 };
  return {
    ...{ case: one.files.id, slices: grid.size[2] },
    metrics: measureCase({
      prediction: { grid, data: new Uint8Array(truth!.length) },
      truth: { grid, data: truth! },
      regions: regionsInFile(lab.bank, labels),
    }),
    flops: { ...none, withDecision: none, alwaysLargest: none },
    decisions: Array.from({ length: grid.size[2] }, (_, slice) => ({ slice, window: 0, choice: 0 })),
    seconds: { total: 0 },
  };
}
