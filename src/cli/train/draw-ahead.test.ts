import { afterEach, expect, test } from "vitest";
import { type CompactCase, compactCase } from "../../data/compact.ts";
import { type BatchSource, type Drawing, openDrawing } from "../../train/drawing.ts";
import { drawAhead } from "./draw-ahead.ts";

/** 6 x 6 x 2 voxels that count up from 1, tumour at one of them. */
function makeCase(): CompactCase {
  const truth = new Uint8Array(72);
  truth[40] = 1;
  return compactCase({ id: "one", size: [6, 6, 2], channels: [Float32Array.from(truth, (_, i) => i + 1)], truth });
}

const still = { flip: 0.5, warp: 0, rotate: 0, zoom: 0, scale: 0.1, shift: 0.1, gamma: 0, brainOnly: false };
const sampling = { tumourSlices: 0.5, tumourCrops: 0.5, jitter: 1 };
const common = { cases: [drawAhead.share(makeCase())], seed: 7, batch: 4 };
const labels = [
  { case: 0, slice: 1, x: 2, y: 1, choice: 2 },
  { case: 0, slice: 0, x: 0, y: 0, choice: 0 },
];
const crops: Drawing = { ...common, kind: "crops", plan: { ...still, ...sampling, crop: 3 } };
const windows: Drawing = {
  ...common,
  ...{ kind: "windows", plan: still, size: 3, labels, tumourWindows: 0.5 },
};

let source: BatchSource | undefined;
afterEach(async () => source?.close());

test.each([
  ["crops", crops],
  ["windows", windows],
])("%s are those that are drawn at once, in whatever order they are asked for", async (_, drawing) => {
  const draw = openDrawing(drawing);
  source = drawAhead.open(drawing);
  for (const step of [0, 1, 2, 9, 1]) expect(await source.next(step)).toEqual(draw(step));
  expect(draw(0)).not.toEqual(draw(1));
});

test("a window comes with the choice of its label", () => {
  const { plan } = windows;
  const { image, targets } = openDrawing({
    ...windows,
    ...{ kind: "windows", plan: { ...plan, flip: 0, scale: 0, shift: 0 }, size: 1, labels: labels.slice(0, 1) },
  } as Drawing)(0);
  expect([...targets]).toEqual([2, 2, 2, 2]);
  // Voxel (2, 1) of slice 1: 36 + 6 + 2 before it.
  expect([...image].map(Math.round)).toEqual([45, 45, 45, 45]);
});

test("a shared case is the same case in memory that no thread has to copy", () => {
  const shared = drawAhead.share(makeCase());
  expect(shared).toEqual(makeCase());
  expect(shared.voxels.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(shared.truth!.buffer).toBeInstanceOf(SharedArrayBuffer);
});

test("what cannot be drawn is said as if it were drawn here", async () => {
  source = drawAhead.open({ ...crops, plan: { ...still, ...sampling, crop: 7 } } as Drawing);
  await expect(source.next(0)).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringContaining("must fit into the slice, which has 6 voxels"),
  });
});
