import { describe, expect, test } from "vitest";
import type { Postprocessing } from "../danet/bank.ts";
import type { Vec3 } from "../volume/grid.ts";
import { postprocess } from "./postprocess.ts";

const brats = { labels: [0, 1, 2, 4], regions: { ET: [4], TC: [1, 4], WT: [1, 2, 4] } };
const off: Postprocessing = { minComponent: 0, encloseRegion: {}, minRegion: {} };
/** Rows of class digits, one slice. */
const run = (rows: string[], rules: Partial<Postprocessing>) => {
  const size: Vec3 = [rows[0]!.length, rows.length, 1];
  const classes = Uint8Array.from(rows.join(""), Number);
  const before = [...classes];
  const { classes: after, changed } = postprocess(classes, size, { ...brats, rules: { ...off, ...rules } });
  expect([...classes], "the input stays").toEqual(before);
  return { rows: rows.map((row, y) => after.slice(y * row.length, (y + 1) * row.length).join("")), changed };
};
/** Three parts: 4 voxels of three classes that touch at a corner, 1 voxel, 2 voxels. */
const rows = ["1200001", "0033000", "0000022"];

test.each<[string, Partial<Postprocessing>, string[], Record<string, number>]>([
  ["off, all stays", {}, rows, {}],
  ["parts under 2 voxels", { minComponent: 2 }, ["1200000", "0033000", "0000022"], { components: 1 }],
  ["a part as large as the threshold stays", { minComponent: 4 }, ["1200000", "0033000", "0000000"], { components: 3 }],
  ["the largest part stays", { minComponent: 9 }, ["1200000", "0033000", "0000000"], { components: 3 }],
  [
    "a small region becomes a label",
    { minRegion: { ET: { below: 3, becomes: 1 } } },
    ["1200001", "0011000", "0000022"],
    { ET: 2 },
  ],
  ["a region as large as the threshold stays", { minRegion: { ET: { below: 2, becomes: 1 } } }, rows, { ET: 0 }],
  [
    "a region of two labels",
    { minRegion: { TC: { below: 9, becomes: 2 } } },
    ["2200002", "0022000", "0000022"],
    { TC: 4 },
  ],
  [
    "regions after components, in their order",
    { minComponent: 2, minRegion: { ET: { below: 9, becomes: 1 }, TC: { below: 4, becomes: 0 } } },
    ["0200000", "0000000", "0000022"],
    { components: 1, ET: 2, TC: 3 },
  ],
])("%s", (_, rules, expected, changed) => {
  expect(run(rows, rules)).toEqual({ rows: expected, changed });
});

describe("a region that another one encloses", () => {
  // A rim of enhancing tumour (class 3) with a gap, 10 of 44 voxels; in it oedema (2) and one pixel of background; necrosis (1) beside it.
  const before = ["22233312", "22322231", "22320232", "22233322", "22222222", "00022222"];
  const rule = { by: "ET", share: 10 / 44, radius: 2, inside: 1, outside: 2 };
  test.each<[string, Partial<typeof rule>, string[], Record<string, number>]>([
    [
      "what it encloses joins, what lies outside leaves",
      {},
      ["22233322", "22311132", "22310132", "22233322"],
      { "TC enclosed": 7 },
    ],
    ["where it is too small a part, all stays", { share: 11 / 44 }, before.slice(0, 4), { "TC enclosed": 0 }],
    ["off", { radius: 0 }, before.slice(0, 4), {}],
  ])("%s", (_, change, expected, changed) => {
    const rows = [...expected, ...before.slice(4)];
    expect(run(before, { encloseRegion: { TC: { ...rule, ...change } } })).toEqual({ rows, changed });
  });

  test("then regions that are too small", () => {
    const rules = { encloseRegion: { TC: rule }, minRegion: { TC: { below: 99, becomes: 2 } } };
    const { changed } = run(before, rules);
    expect(changed).toEqual({ "TC enclosed": 7, TC: 15 });
  });
});
