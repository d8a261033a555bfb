import { expect, it } from "vitest";
import { formatCsv, formatMarkdown, formatText, type Table } from "./table.ts";

const table: Table = {
  title: "Overlap",
  columns: [{ title: "case" }, { title: "Dice", unit: "fraction" }, { title: "HD95", unit: "mm" }],
  rows: [
    ["a|b", 0.91236, 3.14567],
    ['long, "quoted"', 1, null],
  ],
};

it("writes Markdown", () => {
  expect(formatMarkdown(table)).toBe(
    [
      "**Overlap**",
      "",
      "| case | Dice | HD95 |",
      "| --- | --: | --: |",
      "| a\\|b | 0.9124 | 3.15 |",
      '| long, "quoted" | 1.0000 | - |',
      "",
    ].join("\n"),
  );
});

it("writes CSV with numbers in full", () => {
  expect(formatCsv(table)).toBe('case,Dice,HD95\r\na|b,0.91236,3.14567\r\n"long, ""quoted""",1,\r\n');
});

it("aligns text", () => {
  expect(formatText(table)).toBe(
    [
      "Overlap",
      "case              Dice  HD95",
      "a|b             0.9124  3.15",
      'long, "quoted"  1.0000     -',
      "",
    ].join("\n"),
  );
});
