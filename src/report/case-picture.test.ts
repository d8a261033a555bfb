import { describe, expect, it } from "vitest";
import { type DecodedPng, decodePng } from "../../test/decode-png.ts";
import type { Grid, LabelMap, Volume } from "../volume/grid.ts";
import { reorient } from "../volume/orientation.ts";
import { type CasePicture, drawCasePicture } from "./case-picture.ts";

// LPS as in BraTS: x to the left of the patient, y to the back. A box of brain with one lesion on the patient's right, in front.
const grid: Grid = { size: [24, 30, 8], spacing: [2, 2, 3], affine: [-2, 0, 0, 0, 0, -2, 0, 0, 0, 0, 3, 0] };
const mapGrid = (of: (x: number, y: number, z: number) => number) =>
  Array.from({ length: 24 * 30 * 8 }, (_, i) => of(i % 24, Math.floor(i / 24) % 30, Math.floor(i / 720)));
const image: Volume = {
  grid,
  data: Float32Array.from(mapGrid((x, y, z) => (x > 2 && x < 21 && y > 2 && y < 27 ? 100 + 3 * x + 2 * y + z : 0))),
};
const prediction: LabelMap = {
  grid,
  data: Uint8Array.from(mapGrid((x, y, z) => (x > 4 && x < 9 && y > 4 && y < 11 && z > 0 ? 1 : 0))),
};
const decisions = mapGrid((_x, _y, z) => z)
  .filter((_, i) => i % 720 === 0)
  .map((slice) => ({ slice, window: 0, choice: slice > 0 ? 1 : 0 }));
const plain: CasePicture = {
  id: "case_1",
  image,
  background: 0,
  channel: "T1ce",
  prediction,
  decisions,
  candidates: ["M1"],
  labelNames: { 1: "lesion" },
};
const draw = (input: CasePicture) => decodePng(drawCasePicture(input));

/** Mean place of the red outline in the first panel, as shares of the panel's width and of its height. */
function placeOfLesion({ width, pixels }: DecodedPng) {
  const [x0, x1, y0, y1] = [54, 271, 98, 380];
  const found: [number, number][] = [];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const [r, g, b] = pixels.subarray(3 * (x + width * y));
      if (r > 200 && g < 130 && b < 110) found.push([(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)]);
    }
  }
  return ([0, 1] as const).map((axis) => found.reduce((sum, place) => sum + place[axis], 0) / found.length);
}

it("shows the patient's right at the left and the front on top", () => {
  const [right, down] = placeOfLesion(draw(plain));
  expect(right).toBeLessThan(0.4);
  expect(down).toBeLessThan(0.4);
});

it.each(["RAS", "RPS", "PLS"])("is the same picture for a case stored as %s", (codes) => {
  const turned = { ...plain, image: reorient(image, codes), prediction: reorient(prediction, codes) };
  expect(Buffer.compare(drawCasePicture(turned), drawCasePicture(plain))).toBe(0);
});

it.each(["SPL", "LSP"])("draws slices along another axis too (%s)", (codes) => {
  const turned = { ...plain, image: reorient(image, codes), prediction: reorient(prediction, codes), decisions: [] };
  expect(draw(turned).width).toBe(1200);
});

describe("grows with what it shows", () => {
  const { width, height } = draw(plain);

  it("is 1200 wide", () => {
    expect(width).toBe(1200);
  });

  it("has a second row for the truth", () => {
    expect(draw({ ...plain, truth: prediction, dice: { WT: 1 } }).height).toBeGreaterThan(height + 200);
  });

  it("has no strip without decisions", () => {
    expect(draw({ ...plain, decisions: [] }).height).toBeLessThan(height - 50);
  });

  it("stacks windows", () => {
    const windows = decisions.flatMap(({ slice, choice }) =>
      Array.from({ length: 16 }, (_, window) => ({ slice, window, choice })),
    );
    expect(draw({ ...plain, decisions: windows }).height).toBeGreaterThan(height + 50);
  });
});

it("refuses a truth of another grid", () => {
  const truth = { grid: { ...grid, size: [24, 30, 1] as const }, data: new Uint8Array(720) };
  expect(() => drawCasePicture({ ...plain, truth })).toThrow("truth must lie on the image's grid");
});
