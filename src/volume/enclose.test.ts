import { expect, test } from "vitest";
import { encloseSlices } from "./enclose.ts";
import type { Vec3 } from "./grid.ts";

/** Rows of 0 and 1, a slice each. */
const enclose = (slices: string[][], radius: number) => {
  const [width, height] = [slices[0]![0]!.length, slices[0]!.length];
  const size: Vec3 = [width, height, slices.length];
  const mask = Uint8Array.from(slices.flat().join(""), Number);
  const closed = encloseSlices(mask, size, radius);
  return slices.map((slice, z) =>
    slice.map((_, y) =>
      closed
        .subarray((z * height + y) * width)
        .slice(0, width)
        .join(""),
    ),
  );
};

const ring = ["0000000", "0011100", "0100010", "0100010", "0011100", "0000000"];
const full = ["0000000", "0011100", "0111110", "0111110", "0011100", "0000000"];

const bigRing = ["11111", "10001", "10001", "10001", "11111"];
const bigFull = ["11111", "11111", "11111", "11111", "11111"];

test.each<[string, string[], number, string[]]>([
  ["holes are filled at radius 0", ring, 0, full],
  ["but not what is joined to the border", ring.with(4, "0010100"), 0, ring.with(4, "0010100")],
  ["a hole that touches by a corner is one", ["0100", "1010", "0100"], 0, ["0100", "1110", "0100"]],
  ["a hole that a disc fits into too", bigRing, 1, bigFull],
  ["so is the inside of an open ring, but not its gap", ring.with(4, "0010100"), 2, full.with(4, "0010100")],
  [
    "a gap of two pixels is bridged by radius 1 but for its ends",
    ["1001", "1001", "1001"],
    1,
    ["1001", "1111", "1001"],
  ],
  ["a gap of three is not", ["10001", "10001", "10001"], 1, ["10001", "10001", "10001"]],
  ["one pixel stays one, at the border too", ["100", "000", "000"], 2, ["100", "000", "000"]],
  ["nothing stays nothing", ["000", "000"], 3, ["000", "000"]],
])("%s", (_, before, radius, after) => {
  expect(enclose([before], radius)).toEqual([after]);
});

test("every slice is closed alone", () => {
  const empty = ring.map(() => "0000000");
  expect(enclose([ring, empty, ring], 2)).toEqual([full, empty, full]);
});

test("a disc: the corner of an L is filled as far as no disc of the radius reaches into it", () => {
  const arms = Array.from({ length: 9 }, (_, y) => (y === 8 ? "111111111" : "100000000"));
  const outside = (x: number, y: number) => {
    // Some disc of radius 3, of whole pixels, over this one and over no arm.
    for (let cy = -9; cy < 18; cy++)
      for (let cx = -9; cx < 18; cx++) {
        const covers = (px: number, py: number) => (px - cx) ** 2 + (py - cy) ** 2 <= 9;
        const hits = arms.some((row, py) => Array.from(row).some((v, px) => v === "1" && covers(px, py)));
        if (covers(x, y) && !hits) return true;
      }
    return false;
  };
  const expected = arms.map((row, y) => Array.from(row, (_, x) => (outside(x, y) ? "0" : "1")).join(""));
  expect(enclose([arms], 3)).toEqual([expected]);
  expect(expected.join("")).not.toBe(arms.join(""));
});
