/**
 * @file Figures as SVG. A figure is a plain value; Observable Plot draws it into a document without a browser. Both
 * libraries take a third of a second to load, so they are loaded when a figure is drawn.
 */

export interface Axis {
  readonly label: string;
  /** Default: "linear"; a percent axis shows fractions as such. Text on the x axis makes it one of names, in their order. */
  readonly scale?: "linear" | "log" | "percent";
}

export interface Point {
  readonly x: number | string;
  readonly y: number;
  readonly series: string;
  /** Points of one panel share a frame; the panels stand side by side. */
  readonly panel?: string;
}

export interface Figure {
  readonly title: string;
  /** `bar` stacks the series; `dot` writes the series beside its points. */
  readonly mark: "line" | "dot" | "bar";
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly Point[];
}

/** Series colours are these CSS variables of the page, so that a figure follows light and dark. */
export const SERIES_COLOURS = 8;

/** Series in order of appearance -> colour; skip has one of its own, so candidates have the same in every figure. */
export function assignSeriesColours({ points }: Figure): Record<string, string> {
  const names = [...new Set(points.map(({ series }) => series))];
  const others = names.filter((name) => name !== "skip");
  return Object.fromEntries(
    names.map((name) => [
      name,
      name === "skip" ? "var(--skip)" : `var(--series-${(others.indexOf(name) % SERIES_COLOURS) + 1})`,
    ]),
  );
}

const WIDE = 960;
/** Pixels of a letter of a tick. */
const LETTER = 7;

/** The figure as an `<svg>` element that needs nothing else but the page's colours. */
export async function drawFigure(figure: Figure): Promise<string> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { x, y, mark, title } = figure;
  const colours = assignSeriesColours(figure);
  const isCrowded = lengthOfNames(figure) > WIDE;
  const svg = Plot.plot({
    document: parseHTML("<html></html>").document,
    width: isWide(figure) ? WIDE : WIDE / 2,
    height: isCrowded ? 380 : 300,
    marginLeft: isCrowded ? 90 : 56,
    marginBottom: isCrowded ? 120 : 44,
    inset: mark === "dot" ? 20 : 0,
    style: { background: "none", fontSize: "12px" },
    x: { label: x.label, ...scaleOfX(figure), ...(isCrowded ? { tickRotate: -40 } : {}) },
    y: { label: y.label, grid: true, ...scaleOf(y) },
    fx: { label: null },
    color: { domain: Object.keys(colours), range: Object.values(colours) },
    marks: marksOf(Plot, figure),
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  return svg.outerHTML as string;
}

/** Whether a figure takes the width of the page: it has panels, or many names on the x axis. */
export const isWide = (figure: Figure): boolean =>
  figure.points.some(({ panel }) => panel !== undefined) || lengthOfNames(figure) > WIDE / 2 - 80;

/** Pixels of the names on the x axis, side by side. */
function lengthOfNames({ points }: Figure): number {
  const names = new Set(points.flatMap(({ x }) => (typeof x === "string" ? [x] : [])));
  return [...names].reduce((sum, name) => sum + LETTER * (name.length + 2), 0);
}

const scaleOf = ({ scale = "linear" }: Axis) =>
  scale === "percent"
    ? { percent: true, nice: true }
    : { type: scale, ...(scale === "log" ? { tickFormat: "~s" } : { nice: true }) };

/** Names in their order; whole numbers, such as epochs, with no tick between them. */
function scaleOfX({ x, points }: Figure) {
  const values = [...new Set(points.map((point) => point.x))];
  if (values.some((value) => typeof value === "string")) return { domain: values };
  const isEpochs = x.scale === undefined && values.length <= 12 && values.every(Number.isInteger);
  return isEpochs ? { ticks: values, tickFormat: "d" } : scaleOf(x);
}

function marksOf(Plot: typeof import("@observablehq/plot"), { mark, points }: Figure) {
  const title = ({ series, x, y }: Point) => `${series}\n${x}: ${Number(y.toPrecision(4))}`;
  const panel = points.some((point) => point.panel !== undefined) ? { fx: "panel" } : {};
  const channels = { x: "x", y: "y", z: "series", ...panel };
  if (mark === "bar") return [Plot.barY(points, { ...channels, fill: "series", title }), Plot.ruleY([0])];
  const dots = Plot.dot(points, { ...channels, fill: "series", title, r: mark === "dot" ? 5 : 2 });
  if (mark === "line") return [Plot.lineY(points, { ...channels, stroke: "series", strokeWidth: 1.8 }), dots];
  return [dots, Plot.text(points, { ...channels, text: "series", dy: -12, fill: "currentColor" })];
}
