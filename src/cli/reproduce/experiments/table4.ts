/** @file Table 4: decision networks trained on labels of other choice metrics (Eq. 4), over the same bank. */

import { defineExperiment } from "../experiment.ts";
import { dynamicJob, segmentJobs } from "../lab.ts";
import { table4Rows } from "../paper-rows.ts";
import { averageCases, compareRows, listCases } from "../row.ts";
import { trainVariants, type Variant } from "../variants.ts";

const metric = (alpha: number, softmaxDice: boolean, softmaxFlops: boolean): Variant["choice"] => ({
  ...{ alpha, softmaxDice, softmaxFlops, cost: "flops" },
});

const metrics: Readonly<Record<keyof typeof table4Rows, Variant["choice"]>> = {
  "alpha 0.0001, softmax of S and F": metric(0.0001, true, true),
  "alpha 0.001, softmax of S and F": metric(0.001, true, true),
  "alpha 0.01, softmax of S and F": metric(0.01, true, true),
  "alpha 0.001, softmax of S": metric(0.001, true, false),
  "alpha 0.001, softmax of F": metric(0.001, false, true),
  "alpha 0.001, no softmax": metric(0.001, false, false),
};

export const table4 = defineExperiment({
  title: "Table 4: variants of the choice metric",
  async run(lab) {
    const candidates = lab.bank.candidates.map(({ id }) => id);
    const variants = Object.values(metrics).map((choice) => ({ candidates, choice }));
    const banks = await trainVariants(lab, variants);
    const reports = await segmentJobs(lab, banks.map(dynamicJob));
    const methods = Object.keys(metrics).map((method, i) => ({ method, cases: reports[i]! }));
    const rows = methods.flatMap(({ method, cases }) => [
      averageCases(method, cases),
      table4Rows[method as keyof typeof table4Rows],
    ]);
    const text =
      "S is the Dice of a candidate on an input, F its FLOPs in G, alpha the weight of F; the bank is the same in all rows, its " +
      "decision network is trained anew on the labels of each metric.";
    const section = compareRows(rows, { title: "Choice metrics", text });
    return { sections: [section, listCases(methods)], data: { rows } };
  },
});
