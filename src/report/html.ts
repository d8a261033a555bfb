/** @file A report as one HTML file: tables, figures and text, light and dark, with nothing to fetch and no script. */

import { assignSeriesColours, drawFigure, type Figure, isWide } from "./figure.ts";
import { formatRows, type Table } from "./table.ts";

export interface Picture {
  readonly title: string;
  /** A data URI. */
  readonly source: string;
}

export interface Section {
  readonly title: string;
  readonly text?: string;
  readonly figures?: readonly Figure[];
  readonly pictures?: readonly Picture[];
  readonly tables?: readonly Table[];
  /** Shown as it is, behind a fold. */
  readonly code?: string;
}

export interface Page {
  readonly title: string;
  readonly lead: string;
  readonly sections: readonly Section[];
}

/** The whole file. A figure without points is left out. */
export async function formatPage({ title, lead, sections }: Page): Promise<string> {
  const bodies: string[] = [];
  for (const section of sections) bodies.push(await formatSection(section));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(lead)}</p>
${bodies.join("\n")}
</main>
</body>
</html>
`;
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!);

async function formatSection({
  title,
  text,
  figures = [],
  pictures = [],
  tables = [],
  code,
}: Section): Promise<string> {
  const drawn: string[] = [];
  for (const figure of figures) if (figure.points.length > 0) drawn.push(await formatFigure(figure));
  const paragraph = text === undefined ? [] : [`<p>${escapeHtml(text)}</p>`];
  const fold = code === undefined ? [] : [`<details><summary>show</summary><pre>${escapeHtml(code)}</pre></details>`];
  const row = drawn.length > 0 ? [`<div class="figures">${drawn.join("\n")}</div>`] : [];
  const body = [...row, ...pictures.map(formatPicture), ...tables.map(formatTable)];
  const parts = [`<h2>${escapeHtml(title)}</h2>`, ...paragraph, ...body, ...fold];
  return `<section>\n${parts.join("\n")}\n</section>`;
}

async function formatFigure(figure: Figure): Promise<string> {
  const colours = Object.entries(assignSeriesColours(figure));
  const entries = colours.map(([name, colour]) => `<li style="--colour:${colour}">${escapeHtml(name)}</li>`);
  const isNamed = figure.mark === "dot" || figure.points.every(({ x, series }) => x === series);
  const legend = !isNamed && entries.length > 1 ? `<ul class="legend">${entries.join("")}</ul>` : "";
  const svg = await drawFigure(figure);
  return `<figure${isWide(figure) ? ' class="whole"' : ""}><figcaption>${escapeHtml(figure.title)}</figcaption>${legend}<div class="wide">${svg}</div></figure>`;
}

const formatPicture = ({ title, source }: Picture): string =>
  `<figure class="whole"><figcaption>${escapeHtml(title)}</figcaption><img alt="${escapeHtml(title)}" src="${escapeHtml(source)}"></figure>`;

function formatTable(table: Table): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell, c) => `<${tag}${table.columns[c]!.unit ? ' class="number"' : ""}>${escapeHtml(cell)}</${tag}>`);
  const head = table.columns.map(({ title }) => title);
  const rows = formatRows(table).map((row) => `<tr>${cells("td", row).join("")}</tr>`);
  return `<div class="wide"><table><caption>${escapeHtml(table.title)}</caption>
<thead><tr>${cells("th", head).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>`;
}

/** Series colours of either scheme keep 3 to 1 against the page and differ in lightness, not in hue alone. */
const STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --muted: #59636e; --line: #d1d9e0; --skip: #9aa4af;
  --series-1: #0f62a8; --series-2: #c24e00; --series-3: #1a7f4b; --series-4: #8c3fb0;
  --series-5: #a07800; --series-6: #b3204d; --series-7: #00808a; --series-8: #5a5a5a; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --text: #e6edf3; --muted: #9198a1; --line: #3d444d; --skip: #59636e;
    --series-1: #58a6ff; --series-2: #ff9b50; --series-3: #56d364; --series-4: #d2a8ff;
    --series-5: #e3b341; --series-6: #ff7b9c; --series-7: #39c5cf; --series-8: #b1bac4; } }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; } img { max-width: 100%; } figure.whole { grid-column: 1 / -1; } figcaption { font-weight: 600; }
.wide { overflow-x: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0; padding: 0; list-style: none; }
.legend li::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .45em; background: var(--colour); }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; white-space: nowrap; padding-bottom: .4rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; } .number { text-align: right; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--line); } summary { cursor: pointer; }
`;
