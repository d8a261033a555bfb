/** @file How slices lie on a page: radiological view, whatever way round the arrays are stored. */

import type { Box } from "../volume/fit.ts";
import type { Grid } from "../volume/grid.ts";
import { axisCodes } from "../volume/orientation.ts";
import { type Canvas, drawText, type Rectangle } from "./canvas.ts";
import { page } from "./colour.ts";
import { drawPanel, type Panel } from "./slice-panel.ts";

/** Orientation of x and y on the page, and the name of the plane, by the direction in which the slices follow each other. */
const planes: Readonly<Record<string, { axes: string; plane: string }>> = {
  S: { axes: "LP", plane: "axial" },
  I: { axes: "LP", plane: "axial" },
  A: { axes: "LI", plane: "coronal" },
  P: { axes: "LI", plane: "coronal" },
  R: { axes: "PI", plane: "sagittal" },
  L: { axes: "PI", plane: "sagittal" },
};

const opposite: Readonly<Record<string, string>> = { L: "R", P: "A" };

export interface PageView {
  /** For `reorient`: x and y are turned, the slices keep their order. */
  readonly axes: string;
  /** What the slices are called. */
  readonly plane: string;
  /** At the left and right edge. */
  readonly letters: readonly [string, string];
}

export function findView({ affine }: Grid): PageView {
  const along = axisCodes(affine)[2];
  const { axes, plane } = planes[along];
  return { axes: axes + along, plane, letters: [opposite[axes[0]], axes[0]] };
}

/** Pixels, so that the part keeps its shape in mm; at most one and a half times the width. */
export function panelHeight({ spacing }: Grid, { start, end }: Box, width: number): number {
  const [across, down] = ([0, 1] as const).map((axis) => (end[axis] - start[axis]) * spacing[axis]);
  return Math.round(Math.min(1.5, down / across) * width);
}

/** A panel with the letters of its edges in the lower corners. */
export function drawLetteredPanel(canvas: Canvas, area: Rectangle, panel: Panel & Pick<PageView, "letters">): void {
  drawPanel(canvas, area, panel);
  const style = { y: area.y + area.height - 8, size: 10, colour: page.muted } as const;
  drawText(canvas, panel.letters[0], { ...style, x: area.x + 7 });
  drawText(canvas, panel.letters[1], { ...style, x: area.x + area.width - 7, align: "end" });
}
