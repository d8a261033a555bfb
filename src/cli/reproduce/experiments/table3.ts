/** @file Table 3: the dynamic bank against each candidate on every input. */

import { DYNAMIC } from "../../../infer/plan.ts";
import { defineExperiment } from "../experiment.ts";
import { dynamicJob, segmentJobs } from "../lab.ts";
import { table3Rows } from "../paper-rows.ts";
import { averageCases, type CountedRow, compareRows, listCases, meanDice } from "../row.ts";

export const table3 = defineExperiment({
  title: "Table 3: the dynamic bank against each single candidate",
  async run(lab) {
    const { bank } = lab;
    const jobs = [...bank.candidates.map(({ id }) => ({ bank, policy: id })), dynamicJob(bank)];
    const reports = await segmentJobs(lab, jobs);
    const methods = jobs.map(({ policy }, i) => ({ method: policy, cases: reports[i]! }));
    const ours = methods.map(({ method, cases }) => averageCases(method, cases));
    const paper = table3Rows[bank.setting];
    const rows = ours.flatMap((row) => [row, ...(paper[row.method] ? [paper[row.method]!] : [])]);
    const setting = bank.setting === "window" ? "Setting 1 (windows)" : "Setting 2 (whole slices)";
    const section = compareRows(rows, {
      title: `Each candidate and the dynamic bank, ${setting}`,
      text: describeGain(ours),
    });
    return { sections: [section, listCases(methods)], data: { rows } };
  },
});

/** What the choice of a network for each input brings. */
function describeGain(rows: readonly CountedRow[]): string {
  const dynamic = rows.find(({ method }) => method === DYNAMIC)!;
  const single = rows.filter((row) => row !== dynamic);
  const best = single.reduce((a, b) => (meanDice(b) > meanDice(a) ? b : a));
  const largest = single.at(-1)!;
  const times = (ratio: number) => (Number.isFinite(ratio) ? `${ratio.toFixed(1)} times` : "any number of times");
  return (
    `Mean Dice over the regions: dynamic ${meanDice(dynamic).toFixed(2)} %, best single candidate ${best.method} ` +
    `${meanDice(best).toFixed(2)} %. Always ${largest.method} takes ` +
    `${times(largest.gflops.perCase / dynamic.gflops.perCase)} the FLOPs ` +
    `(${times(largest.gflops.perCase / dynamic.perCaseWithDecision!)} with the decisions) and ` +
    `${times(largest.seconds! / dynamic.seconds!)} the time of the dynamic bank.`
  );
}
