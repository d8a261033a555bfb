/** @file Figures 5 and 6: the share of the inputs that each action gets, over the cases and in each. */

import { DYNAMIC } from "../../infer/plan.ts";
import type { CaseReport } from "../../report/case-report.ts";
import type { Findings } from "./experiment.ts";
import { dynamicJob, type Lab, segmentJobs } from "./lab.ts";

/** Of the data set at hand. */
export async function showActivation(lab: Lab): Promise<Findings> {
  const [reports] = await segmentJobs(lab, [dynamicJob(lab.bank)]);
  const actions = ["skip", ...lab.bank.candidates.map(({ id }) => id)];
  const { all, overall } = averageActivation(reports!);
  const cases = Object.fromEntries(reports!.map((report) => [report.case, report.activation]));
  const share = { label: "share of the inputs (%)", scale: "percent" } as const;
  const bars = (title: string, points: { x: string; y: number; series: string }[], label: string) =>
    ({ title, mark: "bar", x: { label }, y: share, points }) as const;
  const section = {
    title: `Activation ratio, policy ${DYNAMIC}`,
    text: `${all} inputs of ${reports!.length} cases. The paper's figure is a picture without numbers; in it more than half are skipped.`,
    figures: [
      bars(
        "All cases",
        actions.map((series) => ({ x: series, y: overall[series]!, series })),
        "action",
      ),
      bars(
        "Each case",
        Object.entries(cases).flatMap(([x, ratio]) => actions.map((series) => ({ x, y: ratio[series]!, series }))),
        "case",
      ),
    ],
    tables: [
      {
        title: "Share of the inputs (%)",
        columns: [{ title: "case" }, ...actions.map((title) => ({ title, unit: "percent" as const }))],
        rows: Object.entries({ ...cases, all: overall }).map(([id, ratio]) => [
          id,
          ...actions.map((action) => 100 * ratio[action]!),
        ]),
      },
    ],
  };
  return { sections: [section], data: { activation: overall, activationByCase: cases } };
}

/** Share of all inputs that each action gets, and how many inputs there are. */
export function averageActivation(reports: readonly Pick<CaseReport, "activation" | "decisions">[]) {
  const all = reports.reduce((sum, { decisions }) => sum + decisions.length, 0);
  const share = (action: string) =>
    reports.reduce((sum, { activation, decisions }) => sum + activation[action]! * decisions.length, 0) / all;
  const overall = Object.fromEntries(Object.keys(reports[0]!.activation).map((action) => [action, share(action)]));
  return { all, overall };
}
