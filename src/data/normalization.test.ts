import { expect, test } from "vitest";
import { maskBrain, normalizations } from "./normalization.ts";

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
  const [a, b] = normalizations.brainZscore([varied, constant], mask);
  const unit = Math.fround(1 / Math.sqrt(5));
  expect([...a!].map((value) => Math.round(value / unit))).toEqual([-3, -1, 0, 1, 3]);
  expect(a![0]).toBeCloseTo(-3 * unit, 6);
  expect(a![2]).toBe(0);
  expect([...b!]).toEqual([0, 0, 0, 0, 0]);
  expect(varied[0]).toBe(2);
});
