import { describe, expect, test } from "vitest";
import reference from "../../test/reference/volume.json" with { type: "json" };
import { type Connectivity, connectedComponents, volumeMl } from "./components.ts";
import type { Vec3 } from "./grid.ts";

describe("connectedComponents", () => {
  test.each(reference.components)(
    "with $connectivity neighbours as scipy.ndimage.label",
    ({ size, mask, connectivity, index, sizes }) => {
      const found = connectedComponents(Uint8Array.from(mask), size as unknown as Vec3, connectivity as Connectivity);
      expect([...found.index]).toEqual(index);
      expect(found.sizes).toEqual(sizes);
    },
  );

  test("joins the two arms of a U where they meet, and counts any label as mask", () => {
    const u = Uint8Array.from([1, 0, 2, 1, 0, 2, 1, 4, 2]);
    expect(connectedComponents(u, [3, 3, 1], 6)).toEqual({ index: Int32Array.from(u, Math.sign), sizes: [7] });
  });

  test("does not wrap around from one row to the next", () => {
    expect(connectedComponents(Uint8Array.of(0, 0, 1, 1, 0, 0), [3, 2, 1], 26).sizes).toEqual([1, 1]);
  });

  test("an empty mask has none", () => {
    expect(connectedComponents(new Uint8Array(8), [2, 2, 2]).sizes).toEqual([]);
  });
});

test("volumeMl follows the affine, also where it is mirrored or sheared", () => {
  const grid = { size: [1, 1, 1], spacing: [2, 1, 5] } as const;
  expect(volumeMl(500, { ...grid, affine: [-2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0] })).toBe(5);
  expect(volumeMl(500, { ...grid, affine: [2, 3, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0] })).toBe(5);
});
