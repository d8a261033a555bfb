/** @file The report of a training, from its log: curves, choice labels, decisions, time, recipe. */

import type { DecisionCheck } from "../train/check-decision.ts";
import type { LogEntry } from "../train/log.ts";
import type { Recipe } from "../train/recipe.ts";
import type { Figure, Point } from "./figure.ts";
import type { Page, Section } from "./html.ts";
import type { Table } from "./table.ts";

export interface TrainingFacts {
  readonly recipe: Recipe;
  readonly entries: readonly LogEntry[];
  /** How many train and validate. */
  readonly cases: { readonly training: number; readonly validation: number };
}

/** The page as far as the training is. */
export function describeTraining({ recipe, entries, cases }: TrainingFacts): Page {
  const { dataset, candidates, seed } = recipe;
  const lead =
    `Data set ${dataset}: ${cases.training} training and ${cases.validation} validation cases; candidates ` +
    `${candidates.map(({ id }) => id).join(", ")}; seed ${seed}. Validation cases are looked at, never learned from.`;
  const of = (phase: LogEntry["phase"]) => entries.filter((entry) => entry.phase === phase);
  const sections = [
    ...describeBank(of("bank")),
    ...of("labels").map((entry) => describeLabels(entry, recipe)),
    ...describeDecision(of("decision"), recipe),
    { title: "Time", tables: [timeTable(entries)] },
    { title: "Recipe", code: JSON.stringify(recipe, null, 2) },
  ];
  return { title: `Training on ${dataset}`, lead, sections };
}

const EPOCH = { label: "epoch" };

function describeBank(entries: readonly LogEntry[]): Section[] {
  if (entries.length === 0) return [];
  const curve = (key: "loss" | "learningRate", title: string): Figure => {
    const points = entries.flatMap((entry) => pointsOf(entry, entry[key] as Readonly<Record<string, number>>));
    return { title, mark: "line", x: EPOCH, y: { label: title.toLowerCase() }, points };
  };
  const looks = (["validation", "selection"] as const).map((key): Figure => {
    const points = entries.flatMap((entry) =>
      Object.entries(entry[key] ?? {}).flatMap(([series, regions]) =>
        Object.entries(regions).map(([panel, y]) => ({ x: entry.epoch!, y, series, panel })),
      ),
    );
    return { title: `Dice on the ${key} cases`, mark: "line", x: EPOCH, y: { label: "Dice" }, points };
  });
  const text =
    "Each candidate's mean loss of an epoch. The Dice looks at every eighth slice: a curve, not the evaluation.";
  const figures = [curve("loss", "Loss"), curve("learningRate", "Learning rate"), ...looks];
  return [{ title: "Model bank", text, figures, tables: lastLook(entries) }];
}

/** A point a series of one epoch. */
const pointsOf = ({ epoch }: LogEntry, values: Readonly<Record<string, number | undefined>> = {}): Point[] =>
  Object.entries(values).flatMap(([series, y]) => (y === undefined ? [] : [{ x: epoch!, y, series }]));

function lastLook(entries: readonly LogEntry[]): Table[] {
  const last = entries.findLast(({ validation }) => validation !== undefined);
  const rows = Object.entries(last?.validation ?? {});
  if (rows.length === 0) return [];
  const regions = Object.keys(rows[0]![1]);
  return [
    {
      title: `Dice on the validation cases after epoch ${last!.epoch}`,
      columns: [{ title: "candidate" }, ...regions.map((title) => ({ title, unit: "fraction" as const }))],
      rows: rows.map(([id, dice]) => [id, ...regions.map((region) => dice[region] ?? null)]),
    },
  ];
}

const actionsOf = ({ candidates }: Recipe) => ["skip", ...candidates.map(({ id }) => id)];

function describeLabels({ counts = [] }: LogEntry, recipe: Recipe): Section {
  const actions = actionsOf(recipe);
  const total = counts.reduce((a, b) => a + b, 0);
  return {
    title: "Choice labels",
    text: `Eq. 4 on ${total} windows of the training cases: skip without tumour, else the best trade of Dice for cost.`,
    figures: [
      {
        title: "Windows by label",
        mark: "bar",
        x: { label: "label" },
        y: { label: "windows" },
        points: actions.map((series, k) => ({ x: series, y: counts[k]!, series })),
      },
    ],
    tables: [
      {
        title: "Windows by label",
        columns: [{ title: "label" }, { title: "windows", unit: "count" }, { title: "%", unit: "percent" }],
        rows: actions.map((action, k) => [action, counts[k]!, (100 * counts[k]!) / total]),
      },
    ],
  };
}

function describeDecision(entries: readonly LogEntry[], recipe: Recipe): Section[] {
  if (entries.length === 0) return [];
  const curve = (key: "loss" | "learningRate", title: string): Figure => ({
    ...{ title, mark: "line", x: EPOCH, y: { label: title.toLowerCase() } },
    points: entries.flatMap((entry) =>
      entry.epoch === undefined ? [] : pointsOf(entry, { [recipe.decision!.id]: entry[key] as number | undefined }),
    ),
  });
  const tables = entries.flatMap(({ check }) => (check ? checkTables(check, actionsOf(recipe)) : []));
  return [
    { title: "Decision network", figures: [curve("loss", "Loss"), curve("learningRate", "Learning rate")], tables },
  ];
}

/** The confusion matrices of a check, and what the skips would cost; `actions` are skip and the candidates. */
export function checkTables(check: NonNullable<LogEntry["check"]>, actions: readonly string[]): Table[] {
  const checks = Object.entries(check);
  const percent = (share: number | null) => (share === null ? null : 100 * share);
  const costs: Table = {
    title: "Tumour and skips (%)",
    columns: [
      { title: "windows of" },
      ...["as labelled", "tumour windows kept", "tumour skipped", "tumour lost"].map((title) => ({
        title,
        unit: "percent" as const,
      })),
    ],
    rows: checks.map(([cases, { confusion, tumourRecall, skippedTumour, lostTumour }]) => [
      `${cases} cases`,
      ...[agreement(confusion), tumourRecall, skippedTumour, lostTumour].map(percent),
    ]),
  };
  return [...checks.map(([cases, { confusion }]) => confusionTable(confusion, { cases, actions })), costs];
}

function confusionTable(
  confusion: DecisionCheck["confusion"],
  { cases, actions }: { cases: string; actions: readonly string[] },
): Table {
  const counts = [...actions, "all"].map((title) => ({ title, unit: "count" as const }));
  return {
    title: `Windows of the ${cases} cases: label (rows) and decision (columns)`,
    columns: [{ title: "label" }, ...counts],
    rows: confusion.map((row, k) => [actions[k]!, ...row, row.reduce((a, b) => a + b, 0)]),
  };
}

/** Share of the windows on the diagonal. */
function agreement(confusion: DecisionCheck["confusion"]): number {
  const agreed = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  return agreed / confusion.flat().reduce((a, b) => a + b, 0);
}

function timeTable(entries: readonly LogEntry[]): Table {
  const phases = [...new Set(entries.map(({ phase }) => phase))];
  const secondsOf = (phase: string) =>
    entries.reduce((sum, entry) => sum + (entry.phase === phase ? (entry.seconds ?? 0) : 0), 0);
  return {
    title: "Seconds",
    columns: [{ title: "phase" }, { title: "seconds", unit: "seconds" }],
    rows: [...phases, "all"].map((phase) => [
      phase,
      phase === "all" ? phases.reduce((sum, one) => sum + secondsOf(one), 0) : secondsOf(phase),
    ]),
  };
}
