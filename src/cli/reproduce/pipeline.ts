/** @file Figure 2 as a drawing: from an input over the decision network to one of the actions, with what each costs. */

import { escapeHtml, type Picture } from "../../report/html.ts";

interface PipelineBox {
  readonly title: string;
  readonly lines: readonly string[];
}

interface PipelineAction extends PipelineBox {
  /** Of the inputs, 0 to 1. */
  readonly share: number;
}

interface Pipeline {
  readonly input: PipelineBox;
  /** Undefined where every input gets the one action. */
  readonly decision: PipelineBox | undefined;
  readonly actions: readonly PipelineAction[];
  readonly output: PipelineBox;
}

const [WIDTH, ROW, BOX, GAP] = [960, 74, 60, 50];
/** Left edges and widths of the four columns. */
const columns = { input: [10, 170], decision: [215, 225], actions: [490, 250], output: [790, 160] } as const;
type Column = keyof typeof columns;
type Place = readonly [Column, y: number];

/** As a picture of its own colours in either scheme: the page's do not reach into it. */
export function drawPipeline(title: string, { input, decision, actions, output }: Pipeline): Picture {
  const height = 20 + ROW * actions.length;
  const middle = height / 2;
  const rowOf = (i: number) => 10 + ROW * i + ROW / 2;
  const fork = decision ? "decision" : "input";
  const parts = [
    drawBox("input", middle, input),
    ...(decision ? [drawArrow(["input", middle], ["decision", middle]), drawBox("decision", middle, decision)] : []),
    ...actions.flatMap((action, i) => [
      drawArrow([fork, middle], ["actions", rowOf(i)]),
      drawBox("actions", rowOf(i), action),
      drawShare(rowOf(i), action.share),
      drawArrow(["actions", rowOf(i)], ["output", middle]),
    ]),
    drawBox("output", middle, output),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"><title>${escapeHtml(title)}</title><style>${STYLE}</style>${parts.join("")}</svg>`;
  return { title, source: `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}` };
}

function drawBox(column: Column, y: number, { title, lines }: PipelineBox): string {
  const [x, width] = columns[column];
  const text = [title, ...lines].map((line, i) => {
    const style = i === 0 ? ' class="title"' : "";
    return `<text${style} x="${x + 10}" y="${y - BOX / 2 + 18 + 16 * i}">${escapeHtml(line)}</text>`;
  });
  return `<rect x="${x}" y="${y - BOX / 2}" width="${width}" height="${BOX}" rx="6"/>${text.join("")}`;
}

/** From the right edge of one column to the left edge of another. */
function drawArrow([from, y]: Place, [to, end]: Place): string {
  const [start, stop] = [columns[from][0] + columns[from][1], columns[to][0]];
  return `<path d="M${start} ${y} C${start + GAP / 2} ${y} ${stop - GAP / 2} ${end} ${stop} ${end}"/>`;
}

/** A bar along the lower edge of an action's box. */
function drawShare(y: number, share: number): string {
  const [x, width] = columns.actions;
  return `<rect class="share" x="${x}" y="${y + BOX / 2 - 5}" width="${(width * share).toFixed(1)}" height="5"/>`;
}

const STYLE =
  "svg{font:12px system-ui,sans-serif;color-scheme:light dark}rect{fill:none;stroke:#59636e}path{fill:none;stroke:#9aa4af}" +
  "text{fill:#1f2328}.title{font-weight:600}.share{fill:#0f62a8;stroke:none}" +
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.share{fill:#58a6ff}}";
