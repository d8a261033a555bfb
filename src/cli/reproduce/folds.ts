/** @file Cross-validation: what each fold found, and the means of their rows over all cases. */

import type { Findings } from "./experiment.ts";
import { compareRows, type Row } from "./row.ts";

/** One lab's findings as they are. */
export function combineFolds(folds: readonly Findings[]): Findings {
  if (folds.length === 1) return folds[0]!;
  const rows = averageRows(folds.map(({ data }) => data.rows ?? []));
  const title = `Mean over the cases of ${folds.length} folds`;
  const text = "Every case is validated once, by a bank that did not learn from it.";
  const sections = folds.flatMap(({ sections }, i) =>
    sections.map((section) => ({ ...section, title: `Fold ${i + 1}: ${section.title}` })),
  );
  return {
    sections: [...(rows.length > 0 ? [compareRows(rows, { title, text })] : []), ...sections],
    data: { rows, folds: folds.map(({ data }) => data) },
  };
}

/** Ours of the same method averaged, in the order of the first fold; the paper's as they are. */
export function averageRows(folds: readonly (readonly Row[])[]): Row[] {
  const all = folds.flat();
  return (folds[0] ?? []).map((row) => {
    if (row.source !== "ours") return row;
    return averageOf(all.filter(({ method, source }) => method === row.method && source === "ours"));
  });
}

type Counts = NonNullable<Row["counts"]>;

/** Each mean weighted by what it is a mean over. */
function averageOf(rows: readonly Row[]): Row {
  const total = (name: keyof Counts) => rows.reduce((sum, { counts }) => sum + counts![name], 0);
  const mean = (weight: keyof Counts, of: (row: Row) => number | undefined) =>
    rows.reduce((sum, row) => sum + (of(row) ?? 0) * row.counts![weight], 0) / total(weight);
  const [first] = rows as readonly [Row];
  const optional = (name: "perCaseWithDecision" | "lost" | "seconds" | "trainingHours", weight: keyof Counts) =>
    first[name] === undefined ? {} : { [name]: mean(weight, (row) => row[name]) };
  const each = (name: "dice" | "hd95" | "globalDice") =>
    Object.fromEntries(
      Object.keys(first[name] ?? {}).map((region) => [region, mean("cases", (row) => row[name]?.[region])]),
    );
  const weights = {
    perCase: "cases",
    perSlice: "slices",
    perInference: "inputs",
    perStack: "inputs",
    perPlane: "inputs",
  } as const;
  const costs = (Object.keys(weights) as (keyof typeof weights)[]).filter((name) => first.gflops[name] !== undefined);
  return {
    ...{ method: first.method, source: "ours", dice: each("dice"), hd95: each("hd95") },
    ...(first.globalDice && { globalDice: each("globalDice") }),
    gflops: {
      allCases: rows.reduce((sum, { gflops }) => sum + gflops.allCases!, 0),
      ...Object.fromEntries(costs.map((name) => [name, mean(weights[name], ({ gflops }) => gflops[name])])),
    },
    ...optional("perCaseWithDecision", "cases"),
    ...optional("lost", "tumour"),
    ...optional("seconds", "cases"),
    ...optional("trainingHours", "cases"),
    counts: { cases: total("cases"), slices: total("slices"), inputs: total("inputs"), tumour: total("tumour") },
  };
}
