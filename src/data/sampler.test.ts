import { describe, expect, test } from "vitest";
import { UserError } from "../error.ts";
import { createRandom } from "../random.ts";
import { changeIntensity, noAugmentation } from "./augment.ts";
import { type CompactCase, compactCase } from "./compact.ts";
import { copyCrop, fillBatch, poolSlices, type SamplePlan } from "./sampler.ts";

const still = noAugmentation(2);

/**
 * 6 x 5 x 2 voxels: in slice 1, channel 0 holds 10 y + x and channel 1 its negative in x 1..4, y 1..3; the truth is 3
 * at (4, 2).
 */
function makeCase(): CompactCase {
  const [a, b, truth] = [new Float32Array(60), new Float32Array(60), new Uint8Array(60)];
  for (let y = 1; y <= 3; y++)
    for (let x = 1; x <= 4; x++) {
      a[x + 6 * (y + 5)] = 10 * y + x;
      b[x + 6 * (y + 5)] = -10 * y - x;
    }
  truth[4 + 6 * (2 + 5)] = 3;
  return compactCase({ id: "one", size: [6, 5, 2], channels: [a, b], truth });
}

/** Nine slices of which the fifth, 4, shows a tumour. */
function makeDeepCase(): CompactCase {
  const [channel, truth] = [new Float32Array(270).fill(1), new Uint8Array(270)];
  truth[4 * 30 + 8] = 1;
  return compactCase({ id: "deep", size: [6, 5, 9], channels: [channel, channel], truth });
}

const makeBatch = (items: number, size: number, channels = 2) => ({
  images: new Float32Array(items * channels * size ** 2).fill(9),
  truth: new Uint8Array(items * size ** 2).fill(9),
});
const rounded = (values: Float32Array) => [...values].map((value) => Math.round(value * 10) / 10 + 0);

describe("copyCrop", () => {
  test.each([
    ["inside the box", { x: 2, y: 1 }, [12, 13, 14, 22, 23, 24, 32, 33, 34], 5],
    ["over its left upper corner", { x: 0, y: 0 }, [0, 0, 0, 0, 11, 12, 0, 21, 22], null],
    ["over its right lower corner", { x: 3, y: 2 }, [23, 24, 0, 33, 34, 0, 0, 0, 0], 1],
    ["mirrored in x", { x: 3, y: 2, flipX: true }, [0, 24, 23, 0, 34, 33, 0, 0, 0], 1],
    ["mirrored in y", { x: 3, y: 2, flipY: true }, [0, 0, 0, 33, 34, 0, 23, 24, 0], 7],
    ["mirrored in both", { x: 2, y: 1, flipX: true, flipY: true }, [34, 33, 32, 24, 23, 22, 14, 13, 12], 3],
  ])("%s", (_, crop, image, tumourAt) => {
    const into = makeBatch(2, 3);
    copyCrop(makeCase(), { ...still, slice: 1, size: 3, ...crop }, { into, item: 1 });
    expect(rounded(into.images.subarray(18, 27))).toEqual(image);
    expect(rounded(into.images.subarray(27, 36))).toEqual(image.map((value) => 0 - value));
    expect([...into.truth.subarray(9)]).toEqual(image.map((_, i) => (i === tumourAt ? 3 : 0)));
    expect(into.images[17]).toBe(9);
  });

  test.each([
    ["a quarter turn", { angle: Math.PI / 2 }, [13, 23, 33, 12, 22, 32, 11, 21, 31], null],
    ["half a turn", { angle: Math.PI }, [33, 32, 31, 23, 22, 21, 13, 12, 11], null],
    ["twice the size", { zoom: 2 }, [16.5, 17, 17.5, 21.5, 22, 22.5, 26.5, 27, 27.5], null],
    ["half the size", { zoom: 0.5 }, [0, 0, 0, 0, 22, 24, 0, 0, 0], 5],
  ])("%s about the middle, voxel (2, 2)", (_, change, image, tumourAt) => {
    const into = makeBatch(1, 3);
    copyCrop(makeCase(), { ...still, ...change, slice: 1, x: 1, y: 1, size: 3 }, { into, item: 0 });
    expect(rounded(into.images.subarray(0, 9))).toEqual(image);
    expect([...into.truth]).toEqual(image.map((_, i) => (i === tumourAt ? 3 : 0)));
  });

  test("an empty slice, and gain and offset of each channel, outside the brain too", () => {
    const into = makeBatch(1, 2);
    const change = { ...still, gain: [2, 1], offset: [0.5, -0.5], size: 2 };
    copyCrop(makeCase(), { ...change, slice: 0, x: 2, y: 2 }, { into, item: 0 });
    expect([...into.images]).toEqual([0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5]);
    copyCrop(makeCase(), { ...change, slice: 1, x: 4, y: 3 }, { into, item: 0 });
    expect(rounded(into.images)).toEqual([68.5, 0.5, 0.5, 0.5, -34.5, -0.5, -0.5, -0.5]);
    expect([...into.truth]).toEqual([0, 0, 0, 0]);
    copyCrop(makeCase(), { ...change, brainOnly: true, slice: 1, x: 4, y: 3 }, { into, item: 0 });
    expect(rounded(into.images)).toEqual([68.5, 0, 0, 0, -34.5, 0, 0, 0]);
  });

  test.each([
    ["from slice 0 on", { slice: 0 }, [0, 22, 0], 1],
    ["in reverse order", { slice: 0, flipZ: true }, [0, 22, 0], 1],
    ["beyond the last slice", { slice: 1, flipZ: true }, [0, 0, 22], 2],
  ])("three slices %s", (_, place, image, tumourAt) => {
    const into = { images: new Float32Array(6).fill(9), truth: new Uint8Array(3).fill(9) };
    copyCrop(makeCase(), { ...still, x: 2, y: 2, size: 1, depth: 3, ...place }, { into, item: 0 });
    expect(rounded(into.images.subarray(0, 3))).toEqual(image);
    expect(rounded(into.images.subarray(3))).toEqual(image.map((value) => 0 - value));
    copyCrop(makeCase(), { ...still, x: 4, y: 2, size: 1, depth: 3, ...place }, { into, item: 0 });
    expect([...into.truth]).toEqual(image.map((_, i) => (i === tumourAt ? 3 : 0)));
  });

  test("contrast bends the values between the lowest and the highest of the brain", () => {
    const plane = Float32Array.of(0, 1, 2, 5);
    changeIntensity(plane, { gamma: 2, gain: 1, offset: 0, brainOnly: false });
    expect([...plane]).toEqual([0, 1, 1.25, 5]);
  });
});

const quiet = { warp: 0, rotate: 0, zoom: 0, gamma: 0, brainOnly: false };
const plan: SamplePlan = {
  crop: 3,
  tumourSlices: 0.8,
  tumourCrops: 0.5,
  jitter: 0,
  ...quiet,
  flip: 0.5,
  scale: 0.1,
  shift: 0.1,
};

test("pools the slices by tumour, with its box", () => {
  const pool = poolSlices([makeCase()]);
  expect(pool.tumour).toMatchObject([{ slice: 1, tumour: { start: [4, 2], end: [5, 3] } }]);
  expect(pool.background.map(({ slice }) => slice)).toEqual([0]);
});

describe("fillBatch", () => {
  const draw = (changes: Partial<SamplePlan>, items = 2000) => {
    const full = { ...plan, ...changes };
    const into = makeBatch(items, full.crop);
    return fillBatch({ pool: poolSlices([makeCase()]), plan: full, random: createRandom(5), into });
  };
  const share = (values: readonly boolean[]) => values.filter(Boolean).length / values.length;

  test("draws the share of tumour slices", () => {
    expect(share(draw({ tumourSlices: 0.8 }).map(({ crop }) => crop.slice === 1))).toBeCloseTo(0.8, 1);
    expect(share(draw({ tumourSlices: 0 }).map(({ crop }) => crop.slice === 1))).toBe(0);
  });

  test("centred crops have the tumour in the middle, moved by at most the jitter and kept inside", () => {
    const centred = { tumourSlices: 1, tumourCrops: 1 };
    expect(new Set(draw(centred).map(({ crop: { x, y } }) => `${x},${y}`))).toEqual(new Set(["3,1"]));
    const moved = draw({ ...centred, jitter: 1 }).map(({ crop }) => crop);
    expect(new Set(moved.map(({ x }) => x))).toEqual(new Set([2, 3]));
    expect(new Set(moved.map(({ y }) => y))).toEqual(new Set([0, 1, 2]));
  });

  test("other crops lie anywhere", () => {
    const anywhere = draw({ tumourCrops: 0 }).map(({ crop }) => `${crop.x},${crop.y}`);
    expect(new Set(anywhere).size).toBe(4 * 3);
  });

  test("deep crops lie around the tumour's slice or anywhere, in either order", () => {
    const deep = (changes: Partial<SamplePlan>) => {
      const into = { images: new Float32Array(400 * 2 * 18), truth: new Uint8Array(400 * 18) };
      const full = { ...plan, tumourSlices: 1, depth: 2, ...changes };
      return fillBatch({ pool: poolSlices([makeDeepCase()]), plan: full, random: createRandom(5), into });
    };
    const slices = (changes: Partial<SamplePlan>) => new Set(deep(changes).map(({ crop }) => crop.slice));
    expect(slices({ tumourCrops: 1 })).toEqual(new Set([4]));
    expect(slices({ tumourCrops: 1, jitter: 1 })).toEqual(new Set([3, 4, 5]));
    expect(slices({ tumourCrops: 0 })).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(slices({ depth: 18 })).toEqual(new Set([0]));
    expect(share(deep({}).map(({ crop }) => crop.flipZ === true))).toBeCloseTo(0.5, 1);
  });

  test("augments in the stated ranges", () => {
    const crops = draw({}).map(({ crop }) => crop);
    const gains = crops.flatMap(({ gain }) => gain);
    const offsets = crops.flatMap(({ offset }) => offset);
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0.9);
    expect(Math.max(...gains)).toBeLessThanOrEqual(1.1);
    expect(Math.min(...gains)).toBeLessThan(0.91);
    expect(Math.max(...offsets)).toBeGreaterThan(0.09);
    expect(share(crops.map(({ flipX }) => flipX))).toBeCloseTo(0.5, 1);
    expect(share(crops.map(({ flipX, flipY }) => flipX === flipY))).toBeCloseTo(0.5, 1);
  });

  test("the seed decides", () => {
    const fill = (seed: number) => {
      const into = makeBatch(4, 3);
      fillBatch({ pool: poolSlices([makeCase()]), plan, random: createRandom(seed), into });
      return into;
    };
    expect(fill(3)).toEqual(fill(3));
    expect(fill(3)).not.toEqual(fill(4));
  });

  test("refuses a crop larger than the slice and a case without truth", () => {
    expect(() => draw({ crop: 6 }, 1)).toThrow(UserError);
    const { truth: _, ...blind } = makeCase();
    expect(() => poolSlices([blind])).toThrow(UserError);
  });
});
