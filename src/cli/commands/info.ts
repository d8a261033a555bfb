/** @file `med-danet info`: what is inside. */

import { datasets } from "../../data/index.ts";
import { datasetIds } from "../../data/open.ts";
import { countVariant, type VariantCounts, type VariantId, variants } from "../../nets/variants.ts";
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
    const counts = (Object.keys(variants) as VariantId[]).map(countVariant);
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
    print(`\ndata sets: ${datasetIds.join(", ")}; recipes: ${described.recipes.join(", ")}`);
  },
});

/** One row a network and input size: parameters and costs, and the paper's count in G beside what the paper prints. */
function countsTable(counts: readonly VariantCounts[]): Table {
  const titles = ["id", "network", "input", "parameters", "MACs", "paper FLOPs", "in G", "printed"];
  const whole = (n: number) => n.toLocaleString("en-US");
  const rows = counts.flatMap(({ id, network, dimensions, parameters, macs, paperFlops, paper }) =>
    Object.keys(parameters).map((side) => {
      const flops = paperFlops[side]!;
      const { printed, inputs } = paper[side] ?? { printed: null, inputs: 1 };
      const inG = ((flops * inputs) / 1e9).toFixed(printed?.split(".")[1]?.length ?? 3);
      const size = Array(dimensions).fill(side).join("x");
      const shown = inputs === 1 ? inG : `${inputs} inputs: ${inG}`;
      return [id, network, size, whole(parameters[side]!), whole(macs[side]!), whole(flops), shown, printed];
    }),
  );
  return {
    title: "Networks (4 channels in; one multiply-add is one MAC; a slice of decision networks is 16 inputs)",
    columns: titles.map((title) => ({ title })),
    rows,
  };
}
