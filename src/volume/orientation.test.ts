import { describe, expect, test } from "vitest";
import reference from "../../test/reference/volume.json" with { type: "json" };
import { columnNorms, linearPart, toWorld } from "./affine.ts";
import type { Affine, Vec3 } from "./grid.ts";
import { axisCodes, reorient, restoreOrientation } from "./orientation.ts";

const affines = Object.fromEntries(reference.geometry.map(({ name, affine }) => [name, affine]));
const size: Vec3 = [2, 3, 4];
const counting = (affine: Affine) => ({
  grid: { size, spacing: columnNorms(linearPart(affine)), affine },
  data: Float32Array.from({ length: 24 }, (_, i) => i),
});

test.each(reference.geometry)("axis codes of $name are $codes, as in nibabel", ({ affine, codes }) => {
  expect(axisCodes(affine)).toBe(codes);
});

describe("reorient", () => {
  test.each(reference.turned)("$from to $codes as nibabel turns it", ({ from, codes, ...expected }) => {
    const turned = reorient(counting(affines[from]), codes);
    expect(axisCodes(turned.grid.affine)).toBe(codes);
    expect(turned.grid.size).toEqual(expected.size);
    expect(turned.grid.affine).toEqual(expected.affine.map((value) => expect.closeTo(value, 9)));
    expect([...turned.data]).toEqual(expected.data);
  });

  test("keeps the world coordinates of every voxel", () => {
    const image = counting(affines["exchanged"]);
    const turned = reorient(image, "RAS");
    const places = ({ grid, data }: typeof image) => {
      const [nx, ny] = grid.size;
      const at = (i: number): Vec3 => [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
      return new Map([...data].map((value, i) => [value, toWorld(grid.affine, at(i))]));
    };
    for (const [value, place] of places(image)) expect(places(turned).get(value)).toEqual(place);
    expect(turned.grid.spacing).toEqual([3, 1, 2].map((_, axis) => columnNorms(linearPart(turned.grid.affine))[axis]));
  });

  const orders = ["RAS", "RSA", "ARS", "ASR", "SRA", "SAR"];
  const opposite: Record<string, string> = { R: "L", A: "P", S: "I" };
  const all = orders.flatMap((order) =>
    Array.from({ length: 8 }, (_, flips) => [...order].map((c, i) => (flips & (1 << i) ? opposite[c] : c)).join("")),
  );
  test.each(all)("%s and back is exact", (codes) => {
    const image = counting(affines["oblique, mirrored"]);
    const back = restoreOrientation(reorient(image, codes), image.grid);
    expect(back.grid).toBe(image.grid);
    expect(back.data).toEqual(image.data);
  });

  test("the same orientation costs nothing", () => {
    const image = counting(affines["BraTS"]);
    expect(reorient(image, "LPS")).toBe(image);
  });

  test.each(["LP", "LRS", "lps", "LPSA"])("refuses %s", (codes) => {
    expect(() => reorient(counting(affines["BraTS"]), codes)).toThrow(/orientation must be three letters/);
  });
});
