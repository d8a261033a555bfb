import { expect, test } from "vitest";
import { maskBody, maskBrain, normalizationSchema, normalizeChannels } from "./normalization.ts";

test("the brain is where the sum of the raw modalities is positive", () => {
  const channels = [
    [0, 1, 0, 2],
    [0, 0, 3, -5],
  ].map((values) => Float32Array.from(values));
  expect([...maskBrain(channels)]).toEqual([0, 1, 1, 0]);
});

test("z-score over the brain with the population sd, 0 outside, 0 for a constant channel", () => {
  const mask = Uint8Array.from([1, 1, 0, 1, 1]);
  // mean 5, deviations -3, -1, 1, 3: population variance 20 / 4 = 5
  const varied = Float32Array.from([2, 4, 100, 6, 8]);
  const constant = new Float32Array(5).fill(7);
  const [a, b] = normalizeChannels([varied, constant], mask, "brainZscore");
  const unit = Math.fround(1 / Math.sqrt(5));
  expect([...a!].map((value) => Math.round(value / unit))).toEqual([-3, -1, 0, 1, 3]);
  expect(a![0]).toBeCloseTo(-3 * unit, 6);
  expect(a![2]).toBe(0);
  expect([...b!]).toEqual([0, 0, 0, 0, 0]);
  expect(a, "in place").toBe(varied);
});

const rounded = (values: Float32Array | undefined) => [...values!].map((value) => Math.round(value * 1000) / 1000);

test("one rule a channel: z-score over all, over what is not 0, and a clipped window", () => {
  // over all: mean 1, sd 1; without the zeros: mean 2, sd 0, mean of 2 and 4 is 3 with sd 1
  const channels = [
    [0, 2, 0, 2],
    [0, 2, 0, 4],
    [-1000, -200, 25, 900],
  ].map((values) => Float32Array.from(values));
  const [all, nonzero, ct] = normalizeChannels(channels, new Uint8Array(4), [
    { kind: "zscore", over: "all" },
    { kind: "zscore", over: "nonzero" },
    { kind: "clip", low: -200, high: 250, mean: -200, sd: 450 },
  ]);
  expect(rounded(all)).toEqual([-1, 1, -1, 1]);
  expect(rounded(nonzero)).toEqual([0, -1, 0, 1]);
  expect(rounded(ct)).toEqual([0, 0, 0.5, 1]);
});

test("the body: anything but 0, above the window's lower end, in any channel", () => {
  const channels = [Float32Array.of(0, -1, 0, 0), Float32Array.of(-300, -200, -199, -201)];
  const clip = { kind: "clip", low: -200, high: 250, mean: 0, sd: 1 } as const;
  expect([...maskBody(channels, [{ kind: "zscore", over: "all" }, clip])]).toEqual([0, 1, 1, 0]);
});

test.each([
  ["another word", "zscore", false],
  ["no channel", [], false],
  ["an sd of 0", [{ kind: "clip", low: 0, high: 1, mean: 0, sd: 0 }], false],
  ["BraTS", "brainZscore", true],
])("the schema on %s", (_, value, good) => expect(normalizationSchema.safeParse(value).success).toBe(good));
