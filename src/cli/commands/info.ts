/** @file `med-danet info`: what is inside. */

import { datasets } from "../../data/index.ts";
import { countVariant, type VariantCounts, variants } from "../../nets/variants.ts";
import { createNodeRuntime, devices } from "../../node/runtime.ts";
import { recipes } from "../../recipes/index.ts";
import { formatText, type Table } from "../../report/table.ts";
import { defineCommand } from "../command.ts";
import { json } from "../option.ts";
import { version } from "../version.ts";

export const info = defineCommand({
  options: { json },
  examples: ["med-danet info", "med-danet info --json"],
  async run(_, { json }, { print }) {
    const counts = (Object.keys(variants) as (keyof typeof variants)[]).map(countVariant);
    const described = {
      version,
      networks: counts,
      datasets: Object.values(datasets).map(({ id, channels, labels, regions }) => ({ id, channels, labels, regions })),
      recipes: Object.keys(recipes),
      runtimes: [{ name: (await createNodeRuntime()).name, devices }],
    };
    if (json) return print(JSON.stringify(described, null, 2));
    print(`med-danet ${version} on ${described.runtimes[0]!.name}\n`);
    print(formatText(countsTable(counts)));
    print(`\ndata sets: ${Object.keys(datasets).join(", ")}; recipes: ${described.recipes.join(", ")}`);
  },
});

/** One row a network: parameters and costs of a 128x128 window and of a 240x240 slice. */
function countsTable(counts: readonly VariantCounts[]): Table {
  const titles = ["id", "network", "parameters", "MACs @128", "paper FLOPs @128", "MACs @240", "paper FLOPs @240"];
  const whole = (n: number | undefined) => (n ?? 0).toLocaleString("en-US");
  const rows = counts.map(({ id, network, parameters, macs, paperFlops }) => [
    ...[id, network, whole(parameters["128"]), whole(macs["128"]), whole(paperFlops["128"])],
    ...[whole(macs["240"]), whole(paperFlops["240"])],
  ]);
  return {
    title: "Networks (4 channels in; one multiply-add is one MAC)",
    columns: titles.map((title) => ({ title })),
    rows,
  };
}
