/** @file Figure 2: the framework, drawn from the bank at hand: its networks, what they cost, and how often each runs. */

import type { BankModel } from "../../../danet/bank.ts";
import type { Table } from "../../../report/table.ts";
import { averageActivation } from "../activation.ts";
import { defineExperiment } from "../experiment.ts";
import { dynamicJob, segmentJobs } from "../lab.ts";
import { drawPipeline } from "../pipeline.ts";

export const figure2 = defineExperiment({
  title: "Figure 2: the framework",
  async run(lab) {
    const { bank } = lab;
    const [reports] = await segmentJobs(lab, [dynamicJob(bank)]);
    const { all, overall } = averageActivation(reports!);
    const modelOf = (action: string) => bank.candidates.find(({ id }) => id === action);
    const networks = Object.entries(overall).map(([action, share]) => describeNetwork(action, share, modelOf(action)));
    const [height, width] = bank.inputSize;
    const isWindow = bank.setting === "window";
    const picture = drawPipeline("Each input takes one way; the bar is its share of the inputs", {
      input: {
        title: isWindow ? "Window of a slice" : "Slice",
        lines: [`${bank.channels.length}x${height}x${width}`, bank.channels.join(", ")],
      },
      decision: bank.decision && { title: "Decision network", lines: labelOf(bank.decision) },
      actions: networks.map(({ action, share, model }) => ({
        title: `${action}: ${(100 * share).toFixed(1)} %`,
        lines: model ? labelOf(model) : ["background, nothing runs"],
        share,
      })),
      output: {
        title: "Segmentation",
        lines: [isWindow ? "mean over windows," : "argmax,", `${bank.labels.length} classes`],
      },
    });
    const actions = networks.map(({ model: _, ...rest }) => rest);
    const text =
      "The decision network D looks at an input X and its largest logit picks the action: Y = B[argmax D(X)](X) (Eq. 1). " +
      `Shares are of the ${all} inputs of ${reports!.length} cases.`;
    const section = {
      title: "One decision and at most one network an input",
      text,
      pictures: [picture],
      tables: [tableOf(actions)],
    };
    return { sections: [section], data: { actions, decision: bank.decision } };
  },
});

const describeNetwork = (action: string, share: number, model: BankModel | undefined) => ({
  ...{ action, share, model, network: model?.network ?? "-" },
  ...{ parameters: model?.parameters ?? 0, macs: model?.flops.macs ?? 0, paper: model?.flops.paper ?? 0 },
});

const labelOf = ({ network, parameters, flops }: BankModel): string[] => [
  `${network}, ${parameters.toLocaleString("en-US")} parameters`,
  `${(flops.paper / 1e9).toPrecision(3)} G an input`,
];

const tableOf = (actions: readonly Omit<ReturnType<typeof describeNetwork>, "model">[]): Table => ({
  title: "Actions of the bank; multiply-adds and the paper's count, of an input",
  columns: [
    { title: "action" },
    { title: "network" },
    { title: "parameters", unit: "count" },
    { title: "multiply-adds", unit: "count" },
    { title: "paper count", unit: "count" },
    { title: "share %", unit: "percent" },
  ],
  rows: actions.map(({ action, network, parameters, macs, paper, share }) => [
    ...[action, network, parameters, macs, paper, 100 * share],
  ]),
});
