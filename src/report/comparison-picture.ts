/** @file Slices of a case under several segmentations, side by side: a row a slice, a column a segmentation. */

import type { LabelMap, Volume } from "../volume/grid.ts";
import { reorient } from "../volume/orientation.ts";
import { createCanvas, drawText } from "./canvas.ts";
import type { CasePicture } from "./case-picture.ts";
import { boundBrain, liftSlices, pickSlices } from "./choose-slices.ts";
import { assignLabelColours, page } from "./colour.ts";
import { drawLetteredPanel, findView, panelHeight } from "./page-view.ts";
import { encodePng } from "./png.ts";
import { drawLegend } from "./routing-strip.ts";
import { findGrayRange } from "./slice-panel.ts";

/** Image and labels share one grid. */
export interface Comparison
  extends Pick<CasePicture, "id" | "image" | "background" | "channel" | "labelNames" | "deflate"> {
  /** Along the third axis, rising. */
  readonly slices: readonly number[];
  readonly columns: readonly {
    readonly name: string;
    readonly labels: LabelMap;
    /** Under each slice. */
    readonly notes: readonly string[];
  }[];
}

const PANEL = 190;
const [MARGIN, GUTTER, GAP] = [28, 26, 8];
const [HEAD, NOTE, LEGEND] = [92, 24, 40];

/** Draws in radiological view. @returns the bytes of a PNG */
export function drawComparison(input: Comparison): Uint8Array {
  const { id, channel, slices, background, columns, labelNames, deflate } = input;
  const { axes, plane, letters } = findView(input.image.grid);
  const pick = <T extends Volume | LabelMap>(map: T) => pickSlices(reorient(map, axes), slices);
  const image = liftSlices(pick(input.image), background);
  const [part, range] = [boundBrain(image), findGrayRange(image)];
  const colours = assignLabelColours(Object.keys(labelNames).map(Number));
  const height = panelHeight(image.grid, part, PANEL);
  const left = (column: number) => MARGIN + GUTTER + column * (PANEL + GAP);
  const top = (row: number) => HEAD + row * (height + NOTE + GAP);
  const canvas = createCanvas(left(columns.length) - GAP + MARGIN, top(slices.length) + LEGEND, page.background);
  const title = { x: MARGIN, y: 46, size: 17, colour: page.text, bold: true };
  const length = drawText(canvas, id, title);
  const subtitle = `${channel}, ${plane} slices`;
  drawText(canvas, subtitle, { x: MARGIN + length + 20, y: 46, size: 12, colour: page.muted });
  for (const [row, slice] of slices.entries()) {
    const style = { size: 11, colour: page.muted, align: "middle", upwards: true } as const;
    drawText(canvas, `slice ${slice}`, { ...style, x: MARGIN + 12, y: top(row) + height / 2 });
  }
  for (const [column, { name, labels, notes }] of columns.entries()) {
    const middle = { x: left(column) + PANEL / 2, align: "middle" } as const;
    drawText(canvas, name, { ...middle, y: HEAD - 10, size: 12, colour: page.text });
    const picked = pick(labels);
    for (const [slice, note] of notes.entries()) {
      const area = { x: left(column), y: top(slice), width: PANEL, height };
      drawLetteredPanel(canvas, area, { image, labels: picked, slice, part, range, colours, letters });
      drawText(canvas, note, { ...middle, y: area.y + height + 17, size: 11, colour: page.muted });
    }
  }
  const entries = Object.entries(labelNames).map(([label, text]) => ({ text, colour: colours[Number(label)] }));
  drawLegend(canvas, entries, { x: canvas.width - MARGIN, y: canvas.height - 20 });
  return encodePng(canvas, deflate);
}
