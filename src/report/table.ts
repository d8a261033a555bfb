/** @file One table value and its three texts: Markdown, CSV, and aligned columns for a terminal. Its JSON is the value itself. */

import type { Metric } from "../eval/metric.ts";

interface Column {
  readonly title: string;
  /** How the column's numbers are printed; a column without a unit holds text. */
  readonly unit?: Metric["unit"];
}

/** null is a value that does not exist. */
type Cell = string | number | null;

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

const digits: Record<Metric["unit"], number> = { fraction: 4, mm: 2 };

/** A fraction with 4 decimals, millimetres with 2; `null` as a dash. */
function formatCell(cell: Cell, unit?: Metric["unit"]): string {
  if (cell === null) return "-";
  return typeof cell === "number" && unit ? cell.toFixed(digits[unit]) : String(cell);
}

/** GitHub Markdown: the title in bold, numbers to the right. */
export function formatMarkdown(table: Table): string {
  const escapePipes = (text: string) => text.replaceAll("|", "\\|");
  const line = (cells: readonly string[]) => `| ${cells.map(escapePipes).join(" | ")} |`;
  const rule = table.columns.map(({ unit }) => (unit ? "--:" : "---"));
  const rows = formatRows(table).map(line);
  return [`**${table.title}**`, "", line(titles(table)), `| ${rule.join(" | ")} |`, ...rows, ""].join("\n");
}

/** RFC 4180, for programs: numbers in full, no title, an empty field for `null`. */
export function formatCsv({ columns, rows }: Table): string {
  const quote = (cell: Cell) => {
    const text = cell === null ? "" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = columns.map(({ title }) => title);
  return [head, ...rows].map((cells) => `${cells.map(quote).join(",")}\r\n`).join("");
}

/** Columns aligned by spaces: text to the left, numbers to the right. */
export function formatText(table: Table): string {
  const lines = [titles(table), ...formatRows(table)];
  const widths = table.columns.map((_, c) => Math.max(...lines.map((cells) => cells[c].length)));
  const pad = (cell: string, c: number) => (table.columns[c].unit ? cell.padStart(widths[c]) : cell.padEnd(widths[c]));
  const body = lines.map((cells) => cells.map(pad).join("  ").trimEnd());
  return [table.title, ...body, ""].join("\n");
}

const titles = ({ columns }: Table): string[] => columns.map(({ title }) => title);

const formatRows = ({ columns, rows }: Table): string[][] =>
  rows.map((cells) => cells.map((cell, c) => formatCell(cell, columns[c].unit)));
