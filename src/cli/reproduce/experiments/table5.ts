/** @file Table 5: decision networks of other architectures, trained on the same labels over the same bank. */

import type { Bank } from "../../../danet/bank.ts";
import { countVariant } from "../../../nets/variants.ts";
import type { Table } from "../../../report/table.ts";
import { defineExperiment } from "../experiment.ts";
import { dynamicJob, segmentJobs } from "../lab.ts";
import { table5Rows } from "../paper-rows.ts";
import { averageCases, compareRows, listCases, type MeasuredCase } from "../row.ts";
import { ownChoice, trainVariants, type Variant } from "../variants.ts";

type Method = keyof typeof table5Rows;
const architectures: Readonly<Record<Method, NonNullable<Variant["decision"]>>> = {
  MobileNetV2: "mobilenetv2-1.0",
  GhostNet: "ghostnet-0.5x",
  ShuffleNetV2: "shufflenetv2-0.5x",
  "ShuffleNetV2-M": "decision",
};
const methods = Object.keys(architectures) as Method[];

export const table5 = defineExperiment({
  title: "Table 5: decision networks",
  async run(lab) {
    const candidates = lab.bank.candidates.map(({ id }) => id);
    const choice = ownChoice(lab.bank);
    const variants = methods.map((method) => ({ candidates, choice, decision: architectures[method] }));
    const banks = await trainVariants(lab, variants);
    const reports = await segmentJobs(lab, banks.map(dynamicJob));
    const segmented = methods.map((method, i) => ({ method, cases: reports[i]! }));
    const rows = segmented.flatMap(({ method, cases }) => [averageCases(method, cases), table5Rows[method]]);
    const networks = segmented.map(({ method, cases }, i) => countDecisions(method, cases, banks[i]!));
    const text =
      "All four learn the same labels, of the bank's own choice metric; the paper's are of both softmaxes. GhostNet and " +
      "ShuffleNetV2 are 0.5 wide, ShuffleNetV2-M is the reduced one.";
    const section = compareRows(rows, { title: "Decision networks", text });
    const decisions = { title: "Cost of the decisions", tables: [tableOf(networks)] };
    return { sections: [decisions, section, listCases(segmented)], data: { rows, decisionNetworks: networks } };
  },
});

/** FLOPs in G, the paper's count. Inputs of nothing but 0 are decided once a case and counted once. */
interface DecisionCost {
  readonly method: Method;
  readonly parameters: number;
  readonly perInference: number;
  readonly perSlice: number;
  readonly perCase: number;
  /** As printed, for 16 windows of 4x128x128. */
  readonly paperPerSlice: number;
}

function countDecisions(method: Method, cases: readonly MeasuredCase[], { decision }: Bank): DecisionCost {
  const { parameters, flops } = decision!;
  const [{ decisions, slices }] = cases as readonly [MeasuredCase];
  const perInference = flops.paper / 1e9;
  const ofCase = ({ flops }: MeasuredCase) => (flops.withDecision.paper - flops.paper) / 1e9;
  return {
    ...{ method, parameters, perInference },
    perSlice: (perInference * decisions.length) / slices,
    perCase: cases.reduce((sum, one) => sum + ofCase(one), 0) / cases.length,
    paperPerSlice: Number(countVariant(architectures[method]).paper["128"]!.printed),
  };
}

const tableOf = (networks: readonly DecisionCost[]): Table => ({
  title: "FLOPs of the decision network alone, in G; a case as it ran, where inputs of nothing but 0 count once",
  columns: [
    { title: "decision network" },
    { title: "parameters", unit: "count" },
    { title: "G an input", unit: "fraction" },
    { title: "G a slice", unit: "fraction" },
    { title: "G a case", unit: "G" },
    { title: "G a slice, paper", unit: "fraction" },
  ],
  rows: networks.map(({ method, parameters, perInference, perSlice, perCase, paperPerSlice }) => [
    ...[method, parameters, perInference, perSlice, perCase, paperPerSlice],
  ]),
});
