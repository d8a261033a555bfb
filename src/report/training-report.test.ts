import { expect, test } from "vitest";
import { recipes } from "../recipes/index.ts";
import type { LogEntry } from "../train/log.ts";
import { formatPage } from "./html.ts";
import { formatText } from "./table.ts";
import { checkTables, describeTraining } from "./training-report.ts";

const check = {
  training: {
    confusion: [
      [90, 5, 5],
      [2, 3, 5],
      [0, 4, 6],
    ],
    tumourRecall: 0.9,
    skippedTumour: 0.05,
    lostTumour: 0.001,
  },
};
const entries: readonly LogEntry[] = [
  { phase: "bank", step: 25, epoch: 1, loss: { M1: 4, M2: 5 }, learningRate: { M1: 1e-3, M2: 1e-3 }, seconds: 2 },
  { phase: "bank", step: 50, epoch: 2, loss: { M2: 3 }, seconds: 3, validation: { M1: { ET: 0.5, WT: 0.75 } } },
  { phase: "labels", step: 0, counts: [100, 10, 10], seconds: 1 },
  { phase: "decision", step: 25, epoch: 1, loss: 0.5, learningRate: 0.01, seconds: 1 },
  { phase: "decision", step: 25, check, seconds: 0.5 },
];
const facts = { recipe: recipes.phantom, entries, cases: { training: 4, validation: 1 } };

test("curves come from the log: a candidate that no longer trains has no loss, the check is no epoch", () => {
  const figures = describeTraining(facts).sections.flatMap((section) => section.figures ?? []);
  const points = (title: string, i = 0) => figures.filter((figure) => figure.title === title)[i]?.points;
  expect(points("Loss")).toEqual([
    { x: 1, y: 4, series: "M1" },
    { x: 1, y: 5, series: "M2" },
    { x: 2, y: 3, series: "M2" },
  ]);
  expect(points("Dice on the validation cases")).toEqual([
    { x: 2, y: 0.5, series: "M1", panel: "ET" },
    { x: 2, y: 0.75, series: "M1", panel: "WT" },
  ]);
  expect(points("Loss", 1)).toEqual([{ x: 1, y: 0.5, series: "decision" }]);
});

test("a decision check as tables", () => {
  const [confusion, costs] = checkTables(check, ["skip", "M1", "M2"]).map(formatText);
  expect(confusion?.trimEnd().split("\n").slice(1)).toEqual([
    "label  skip  M1  M2  all",
    "skip     90   5   5  100",
    "M1        2   3   5   10",
    "M2        0   4   6   10",
  ]);
  expect(costs).toMatch(/training cases +82\.50 +90\.00 +5\.00 +0\.10/); // 99 of 120 on the diagonal
});

test("time adds up, and the page holds the recipe", async () => {
  const { sections } = describeTraining(facts);
  const rows = sections.flatMap((section) => section.tables ?? []).find(({ title }) => title === "Seconds")?.rows;
  expect(rows).toEqual([
    ["bank", 5],
    ["labels", 1],
    ["decision", 1.5],
    ["all", 7.5],
  ]);
  expect(await formatPage(describeTraining(facts))).toContain("&quot;stepsPerEpoch&quot;: 25");
});

test.each([0, 1, 2, 3])("a page after %i entries", async (count) => {
  const page = describeTraining({ ...facts, entries: entries.slice(0, count) });
  expect(page.sections.map(({ title }) => title)).toEqual(
    [count > 0 && "Model bank", count > 2 && "Choice labels", "Time", "Recipe"].filter(Boolean),
  );
  expect(await formatPage(page)).not.toMatch(/NaN|undefined/);
});
