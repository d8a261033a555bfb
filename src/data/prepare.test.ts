import { describe, expect, test } from "vitest";
import type { Affine, Vec3 } from "../volume/grid.ts";
import { axisCodes } from "../volume/orientation.ts";
import { brats } from "./brats.ts";
import type { Frame } from "./dataset.ts";
import type { RawCase } from "./load.ts";
import { maskBrain } from "./normalization.ts";
import { makePhantom } from "./phantom-volume.ts";
import { prepareCase } from "./prepare.ts";

const size: Vec3 = [12, 10, 8];
const frameOf = (sliceSize: readonly [number, number], spacing: Vec3 = [1, 1, 1]) => {
  const frame: Frame = { orientation: "LPS", spacing, sliceSize };
  return { frame, normalization: brats.normalization };
};

/** A phantom case; its truth has a voxel of every label. */
function makeRaw(labels: readonly number[] = [0, 1, 2, 4]): RawCase {
  const { channels, truth } = makePhantom({ seed: 3, size });
  const data = channels.map((channel) => channel.data);
  const source = { grid: truth.grid, data: data[0], header: new Uint8Array() };
  const labelled = truth.data.map((label) => labels[[0, 1, 2, 4].indexOf(label)]);
  return { id: "p", channels: data, truth: labelled, mask: maskBrain(data), labels, source };
}

/** Axis i of the result runs along axis `order[i]` of the case, the other way round where `flips[i]`. */
function turnRaw(raw: RawCase, order: readonly number[], flips: readonly boolean[]): RawCase {
  const { grid } = raw.source;
  const [nx, ny, nz] = order.map((axis) => grid.size[axis]);
  const indexOf = (at: readonly number[]) => {
    const voxel = [0, 0, 0];
    order.forEach((axis, i) => {
      voxel[axis] = flips[i] ? grid.size[axis] - 1 - at[i] : at[i];
    });
    return voxel;
  };
  const flat = (v: readonly number[]) => v[0] + grid.size[0] * (v[1] + grid.size[1] * v[2]);
  const from = Array.from({ length: nx * ny * nz }, (_, i) =>
    flat(indexOf([i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))])),
  );
  const world = (v: readonly number[]) =>
    [0, 1, 2].map(
      (r) =>
        grid.affine[4 * r] * v[0] +
        grid.affine[4 * r + 1] * v[1] +
        grid.affine[4 * r + 2] * v[2] +
        grid.affine[4 * r + 3],
    );
  const origin = world(indexOf([0, 0, 0]));
  const columns = [0, 1, 2].map((i) =>
    world(indexOf([0, 1, 2].map((j) => (i === j ? 1 : 0)))).map((v, r) => v - origin[r]),
  );
  const affine: Affine = [0, 1, 2].flatMap((r) => [columns[0][r], columns[1][r], columns[2][r], origin[r]]);
  const spacing = order.map((axis) => grid.spacing[axis]) as unknown as Vec3;
  const pick = <T extends Float32Array | Uint8Array>(data: T) => data.map((_, i) => data[from[i]]) as T;
  return {
    ...raw,
    channels: raw.channels.map(pick),
    mask: pick(raw.mask),
    truth: pick(raw.truth!),
    source: { ...raw.source, grid: { size: [nx, ny, nz], spacing, affine } },
  };
}

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];
const signs = Array.from({ length: 8 }, (_, bits) => [0, 1, 2].map((i) => (bits & (1 << i)) > 0));
const orientations = orders.flatMap((order) => signs.map((flips) => ({ order, flips })));

/** Compares bytes: `toEqual` on typed arrays is slow. */
const isSame = (a: ArrayBufferView, b: ArrayBufferView) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
const bytesOf = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);

test("the orientations are 48, all different", () => {
  const codes = orientations.map(({ order, flips }) => axisCodes(turnRaw(makeRaw(), order, flips).source.grid.affine));
  expect(new Set(codes).size).toBe(48);
});

test("a case that lies in the frame is normalised and nothing else", () => {
  const raw = makeRaw();
  const before = raw.channels.map((channel) => Math.sign(channel[100] - channel[200]));
  const prepared = prepareCase(raw, frameOf([12, 10]));
  expect(prepared.size).toEqual(size);
  prepared.channels.forEach((channel, c) => {
    const inside = channel.filter((_, i) => raw.mask[i] === 1);
    const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
    const variance = inside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inside.length;
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 5);
    expect(channel.every((value, i) => raw.mask[i] === 1 || value === 0)).toBe(true);
    expect(Math.sign(channel[100] - channel[200])).toBe(before[c]);
  });
  expect([...new Set(prepared.truth)].sort()).toEqual([0, 1, 2, 3]);
  expect(prepared.restore(prepared.truth!)).toEqual({ grid: raw.source.grid, data: raw.truth });
});

test("predictions are written in the source's labels", () => {
  const raw = makeRaw([0, 1, 2, 3]);
  const { truth, restore } = prepareCase(raw, frameOf([12, 10]));
  expect(truth).toEqual(prepareCase(makeRaw(), frameOf([12, 10])).truth);
  expect(restore(truth!).data).toEqual(raw.truth);
});

describe.each([
  ["as large", [12, 10]],
  ["padded", [16, 15]],
  ["cropped around the brain", [9, 8]],
  ["padded in x, cropped in y", [14, 9]],
] as const)("all 48 orientations give the same, slices %s", (_, sliceSize) => {
  const straight = prepareCase(makeRaw(), frameOf(sliceSize));

  test.each(orientations)("axes $order, flips $flips", ({ order, flips }) => {
    const raw = turnRaw(makeRaw(), order, flips);
    const { size, channels, truth, restore, restoreValues } = prepareCase(raw, frameOf(sliceSize));
    expect(size).toEqual(straight.size);
    expect(channels.map((channel, c) => isSame(channel, straight.channels[c]))).toEqual([true, true, true, true]);
    expect(isSame(truth!, straight.truth!)).toBe(true);
    const back = restore(truth!);
    expect(back.grid).toBe(raw.source.grid);
    expect(isSame(back.data, raw.truth!)).toBe(true);
    const asClasses = Float32Array.from(raw.truth!, (label) => raw.labels.indexOf(label));
    expect(isSame(restoreValues(Float32Array.from(truth!)), asClasses)).toBe(true);
  });
});

test("a crop keeps the brain and drops what lies outside it", () => {
  const raw = makeRaw();
  const prepared = prepareCase(raw, frameOf([9, 8]));
  const count = (data: Float32Array) => data.filter((value) => value !== 0).length;
  const whole = prepareCase(raw, frameOf([12, 10]));
  expect(prepared.size).toEqual([9, 8, 8]);
  expect(prepared.channels.map(count)).toEqual(whole.channels.map(count));
});

describe("another spacing", () => {
  /** The phantom's voxels taken as 2 x 2 x 3 mm. */
  function makeCoarse(): RawCase {
    const raw = makeRaw();
    const grid = { size, spacing: [2, 2, 3] as const, affine: [-2, 0, 0, 0, 0, -2, 0, 18, 0, 0, 3, 0] };
    return { ...raw, source: { ...raw.source, grid } };
  }

  test("is resampled to the frame's, and labels come back onto the source grid exactly", () => {
    const raw = makeCoarse();
    const { size: fine, channels, truth, restore } = prepareCase(raw, frameOf([24, 20]));
    expect(fine).toEqual([24, 20, 24]);
    // voxel 10 of the fine grid in x lies a quarter of the way from source voxel 5 (at 10.5) to 4; in z, 13 lies on 4.
    const source = prepareCase(raw, frameOf([12, 10], [2, 2, 3])).channels[0];
    const at = (x: number, y: number) => source[x + 12 * (y + 10 * 4)];
    const row = (y: number) => 0.25 * at(4, y) + 0.75 * at(5, y);
    expect(channels[0][10 + 24 * (8 + 20 * 13)]).toBeCloseTo(0.25 * row(3) + 0.75 * row(4), 5);
    expect(restore(truth!)).toEqual({ grid: raw.source.grid, data: raw.truth });
  });

  test("together with another orientation and size", () => {
    const raw = turnRaw(makeCoarse(), [2, 0, 1], [true, false, true]);
    const { size: fitted, truth, restore } = prepareCase(raw, frameOf([18, 19]));
    expect(fitted).toEqual([18, 19, 24]);
    expect(restore(truth!)).toEqual({ grid: raw.source.grid, data: raw.truth });
  });
});
