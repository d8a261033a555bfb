/** @file One table value and its three texts: Markdown, CSV, and aligned columns for a terminal. Its JSON is the value itself. */

import type { Metric } from "../eval/metric.ts";

/** G: 1e9 operations. */
type Unit = Metric["unit"] | "percent" | "G" | "seconds" | "count";

interface Column {
  readonly title: string;
  /** How the column's numbers are printed; a column without a unit holds text. */
  readonly unit?: Unit;
}

/** null is a value that does not exist. */
type Cell = string | number | null;

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

const digits: Record<Unit, number> = { fraction: 4, mm: 2, percent: 2, G: 2, seconds: 1, count: 0 };

/** With the decimals of its unit, and commas between thousands; `null` as a dash. */
function formatCell(cell: Cell, unit?: Unit): string {
  if (cell === null) return "-";
  if (typeof cell === "string" || !unit) return String(cell);
  return cell.toLocaleString("en-US", { minimumFractionDigits: digits[unit], maximumFractionDigits: digits[unit] });
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

/** Every cell as text. */
export const formatRows = ({ columns, rows }: Table): string[][] =>
  rows.map((cells) => cells.map((cell, c) => formatCell(cell, columns[c].unit)));
