/** @file `med-danet evaluate`: metrics of predictions that lie in a folder, whoever made them. */

import { UserError } from "../../error.ts";
import { type CaseMetrics, countRegions, measureCase } from "../../eval/case-metrics.ts";
import { createMetricsReport, reportFormats } from "../../report/metrics-report.ts";
import { defineCommand } from "../command.ts";
import { type Description, type LabelPair, openDescription, pairFiles, pairOptions, readPair } from "../label-pairs.ts";
import { flag, json } from "../option.ts";

export const evaluate = defineCommand({
  options: {
    ...pairOptions,
    json,
    csv: { flags: "--csv", help: "print one wide table as CSV", value: flag() },
    md: { flags: "--md", help: "print tables in Markdown", value: flag() },
  },
  examples: [
    "med-danet evaluate --truth cases/ --pred results/ --md",
    "med-danet evaluate --truth Task04_Hippocampus/labelsTr --pred results/ --dataset decathlon",
  ],
  async run(_inputs, options, context) {
    const formats = (["json", "csv", "md"] as const).filter((format) => options[format]);
    if (formats.length > 1) throw new UserError(`choose one of --json, --csv, --md; found ${formats.length} of them`);
    const dataset = await openDescription(options);
    const pairs = await pairFiles(options.truth, options.pred, dataset);
    const cases: CaseMetrics[] = [];
    const failed: string[] = [];
    for (const [done, pair] of pairs.entries()) {
      context.onProgress({ stage: "cases", done, total: pairs.length });
      context.signal.throwIfAborted();
      try {
        cases.push({ id: pair.id, ...(await measurePair(pair, dataset)) });
      } catch (error) {
        if (!(error instanceof UserError) || pairs.length === 1) throw error;
        failed.push(pair.id);
        context.complain(`case "${pair.id}": ${error.message}`);
      }
      // Reading may be served without a turn of the event loop; Ctrl-C needs one.
      await new Promise((resolve) => setImmediate(resolve));
    }
    context.onProgress({ stage: "cases", done: pairs.length, total: pairs.length });
    if (cases.length > 0) {
      const report = createMetricsReport(cases);
      const [format = "text"] = formats;
      context.print(format === "json" ? JSON.stringify(report, null, 2) : reportFormats[format](report).trimEnd());
    }
    if (failed.length > 0)
      throw new UserError(`${failed.length} of ${pairs.length} cases failed: ${failed.join(", ")}`);
  },
});

async function measurePair(pair: LabelPair, dataset: Description) {
  const input = { ...(await readPair(pair, dataset)), regions: dataset.regions };
  return { regions: measureCase(input), ...(dataset.globalDice && { overlaps: countRegions(input) }) };
}
