import { expect, test } from "vitest";
import { decodePng } from "../../test/decode-png.ts";
import type { Grid } from "../volume/grid.ts";
import { type Comparison, drawComparison } from "./comparison-picture.ts";

// LPS: a box of brain, and a lesion in slices 1 and 2.
const grid: Grid = { size: [20, 20, 4], spacing: [1, 1, 1], affine: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0] };
const mapGrid = (of: (x: number, y: number, z: number) => number) =>
  Array.from({ length: 1600 }, (_, i) => of(i % 20, Math.floor(i / 20) % 20, Math.floor(i / 400)));
const isInside = (place: number, low: number, high: number) => place >= low && place < high;
const image = Float32Array.from(mapGrid((x, y) => Number(isInside(x, 2, 18) && isInside(y, 2, 18)) * (50 + x)));
const lesion = Uint8Array.from(
  mapGrid((x, y, z) => Number(isInside(x, 6, 12) && isInside(y, 6, 12) && isInside(z, 1, 3))),
);
const nothing = new Uint8Array(1600);

const draw = (maps: readonly Uint8Array[], slices: readonly number[]) => {
  const input: Comparison = {
    ...{ id: "case_1", image: { grid, data: image }, background: 0, channel: "T1ce", slices },
    columns: maps.map((data, i) => ({ name: `M${i}`, labels: { grid, data }, notes: slices.map(() => "Dice 1.000") })),
    labelNames: { 1: "lesion" },
  };
  return decodePng(drawComparison(input));
};

/** Red pixels of each panel, row by row: panels are 190 wide and high, from (54, 92) on, 198 and 222 apart. */
function redOf({ width, pixels }: ReturnType<typeof decodePng>, [columns, rows]: readonly [number, number]) {
  const count = (left: number, top: number) => {
    let red = 0;
    for (let y = top; y < top + 190; y++)
      for (let x = left; x < left + 190; x++) {
        const [r, g, b] = pixels.subarray(3 * (x + width * y)) as unknown as [number, number, number];
        red += Number(r > 200 && g < 130 && b < 110);
      }
    return red > 0;
  };
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => count(54 + 198 * column, 92 + 222 * row)),
  );
}

test("a row a slice, a column a segmentation", () => {
  const picture = draw([lesion, nothing, lesion], [0, 2]);
  expect([picture.width, picture.height]).toEqual([54 + 3 * 198 - 8 + 28, 92 + 2 * 222 + 40]);
  expect(redOf(picture, [3, 2])).toEqual([
    [false, false, false],
    [true, false, true],
  ]);
});
