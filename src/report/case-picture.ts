/** @file The picture of a segmented case: tumour slices with prediction and truth, and the routing of its slices below. */

import type { LabelMap, Volume } from "../volume/grid.ts";
import { reorient } from "../volume/orientation.ts";
import { type Canvas, createCanvas, drawText, measureText } from "./canvas.ts";
import { boundBrain, chooseSlices, liftSlices, pickSlices } from "./choose-slices.ts";
import { assignChoiceColours, assignLabelColours, type Colour, page } from "./colour.ts";
import { drawLetteredPanel, findView, type PageView, panelHeight } from "./page-view.ts";
import { type Deflate, encodePng } from "./png.ts";
import { type ChoiceCell, countWindows, drawLegend, drawRoutingStrip, shareChoices } from "./routing-strip.ts";
import { findGrayRange } from "./slice-panel.ts";

/** Image, prediction and truth share one grid; `slice` of a decision counts along its third axis. */
export interface CasePicture {
  readonly id: string;
  readonly image: Volume;
  /** Value outside the brain, and nowhere in it. */
  readonly background: number;
  /** What the image is: "T1ce". */
  readonly channel: string;
  readonly prediction: LabelMap;
  readonly truth?: LabelMap;
  /** The strip is left out when there are none. */
  readonly decisions: readonly ChoiceCell[];
  /** Ids of the candidates in the order of the choices 1, 2, ... */
  readonly candidates: readonly string[];
  /** Region -> Dice, for the title line. */
  readonly dice?: Readonly<Record<string, number>>;
  /** Words for every label that occurs, except the background 0. */
  readonly labelNames: Readonly<Record<number, string>>;
  /** Default: one that runs everywhere. */
  readonly deflate?: Deflate;
}

const WIDTH = 1200;
const MARGIN = 28;
const GUTTER = 26;
const GAP = 8;
const COLUMNS = 5;
const TITLE = 74;
const LEGEND = 34;
const WINDOW_ROW = 7;
const SLICE_ROW = 30;

/**
 * Draws the case 1200 pixels wide, in radiological view: axial slices with anterior on top and the patient's right at the
 * left, whatever way round the arrays are stored.
 * @returns the bytes of a PNG
 */
export function drawCasePicture(input: CasePicture): Uint8Array {
  const view = turnToView(input);
  const layout = planLayout(view);
  const canvas = createCanvas(WIDTH, layout.height, page.background);
  drawTitle(canvas, view);
  drawPanels(canvas, view, layout);
  if (layout.strip) drawRouting(canvas, view, layout.strip);
  return encodePng(canvas, input.deflate);
}

/** `image` and `labels` hold the shown slices alone; the image is 0 outside the brain and positive in it. */
interface View extends CasePicture, Omit<PageView, "axes"> {
  readonly rows: readonly { readonly name: string; readonly labels: LabelMap }[];
  readonly slices: readonly number[];
  readonly depth: number;
  readonly colours: Readonly<Record<number, Colour>>;
}

/** Turns x and y to the page and leaves the order of the slices as it is. */
function turnToView(input: CasePicture): View {
  const { axes, plane, letters } = findView(input.image.grid);
  const turn = <T extends Volume | LabelMap>(image: T) => reorient(image, axes);
  const [image, prediction] = [turn(input.image), turn(input.prediction)];
  const truth = input.truth && turn(input.truth);
  const rows = [{ name: "prediction", labels: prediction }, ...(truth ? [{ name: "truth", labels: truth }] : [])];
  for (const { name, labels } of rows) {
    if (labels.data.length !== image.data.length)
      throw new RangeError(`drawCasePicture: ${name} must lie on the image's grid`);
  }
  const { background } = input;
  const slices = chooseSlices({ image, background, prediction, truth, count: COLUMNS });
  return {
    ...input,
    image: liftSlices(pickSlices(image, slices), background),
    rows: rows.map(({ name, labels }) => ({ name, labels: pickSlices(labels, slices) })),
    slices,
    depth: image.grid.size[2],
    colours: assignLabelColours(Object.keys(input.labelNames).map(Number)),
    ...{ letters, plane },
  };
}

interface Layout {
  readonly height: number;
  readonly panel: { readonly width: number; readonly height: number };
  readonly part: ReturnType<typeof boundBrain>;
  /** Top and height of the routing strip's cells. */
  readonly strip?: { readonly y: number; readonly height: number };
}

function planLayout({ image, rows, decisions }: View): Layout {
  const part = boundBrain(image);
  const width = Math.floor((WIDTH - 2 * MARGIN - GUTTER - (COLUMNS - 1) * GAP) / COLUMNS);
  const panel = { width, height: panelHeight(image.grid, part, width) };
  const bottom = TITLE + 24 + rows.length * (panel.height + GAP) + LEGEND;
  if (decisions.length === 0) return { height: bottom + MARGIN - 8, panel, part };
  const windows = countWindows(decisions);
  const strip = { y: bottom + 58, height: windows > 1 ? windows * WINDOW_ROW : SLICE_ROW };
  return { height: strip.y + strip.height + 24 + MARGIN, panel, part, strip };
}

function drawTitle(canvas: Canvas, { id, channel, plane, dice }: View): void {
  const y = 46;
  const length = drawText(canvas, id, { x: MARGIN, y, size: 17, colour: page.text, bold: true });
  const subtitle = `${channel}, ${plane} slices`;
  drawText(canvas, subtitle, { x: MARGIN + length + 20, y, size: 12, colour: page.muted });
  let x = WIDTH - MARGIN;
  const put = (text: string, style: { colour: Colour; bold?: boolean; gap: number }) => {
    drawText(canvas, text, { x, y, size: 13, align: "end", ...style });
    x -= measureText(text, 13) + style.gap;
  };
  const scores = Object.entries(dice ?? {});
  for (const [region, value] of scores.reverse()) {
    put(value.toFixed(3), { colour: page.text, bold: true, gap: 8 });
    put(region, { colour: page.muted, gap: 24 });
  }
  if (scores.length > 0) put("Dice", { colour: page.muted, gap: 0 });
}

function drawPanels(canvas: Canvas, view: View, { panel, part }: Layout): void {
  const { image, rows, slices, colours, letters, labelNames } = view;
  const range = findGrayRange(image);
  const top = (row: number) => TITLE + 24 + row * (panel.height + GAP);
  for (const [column, slice] of slices.entries()) {
    const x = MARGIN + GUTTER + column * (panel.width + GAP);
    const middle = x + panel.width / 2;
    drawText(canvas, `slice ${slice}`, { x: middle, y: TITLE + 14, size: 11, colour: page.muted, align: "middle" });
    for (const [row, { labels }] of rows.entries()) {
      const area = { x, y: top(row), ...panel };
      drawLetteredPanel(canvas, area, { image, labels, slice: column, part, range, colours, letters });
    }
  }
  for (const [row, { name }] of rows.entries()) {
    const y = top(row) + panel.height / 2;
    drawText(canvas, name, { x: MARGIN + 12, y, size: 12, colour: page.text, align: "middle", upwards: true });
  }
  const entries = Object.entries(labelNames).map(([label, text]) => ({ text, colour: colours[Number(label)] }));
  drawLegend(canvas, entries, { x: WIDTH - MARGIN, y: top(rows.length) + 20 });
}

function drawRouting(canvas: Canvas, view: View, { y, height }: { y: number; height: number }): void {
  const { decisions, candidates, slices, depth } = view;
  const colours = assignChoiceColours(candidates.length);
  const headline = y - 24;
  const length = drawText(canvas, "Routing", { x: MARGIN, y: headline, size: 13, colour: page.text, bold: true });
  const windows = countWindows(decisions);
  const explained = windows > 1 ? `a column is a slice, a cell one of its ${windows} windows` : "a cell is a slice";
  drawText(canvas, explained, { x: MARGIN + length + 16, y: headline, size: 11, colour: page.muted });
  const shares = shareChoices(decisions, candidates.length);
  const entries = ["skip", ...candidates].map((name, choice) => ({
    text: `${name} ${(100 * shares[choice]).toFixed(1)} %`,
    colour: colours[choice],
  }));
  drawLegend(canvas, entries, { x: WIDTH - MARGIN, y: headline });
  const area = { x: MARGIN, y, width: WIDTH - 2 * MARGIN, height };
  drawRoutingStrip(canvas, area, { decisions, depth, shown: slices, colours });
}
