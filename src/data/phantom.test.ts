import { expect, test } from "vitest";
import { makePhantom } from "./phantom-volume.ts";

const size = [32, 32, 16] as const;
const { channels, truth } = makePhantom({ seed: 1, size });
const mean = (channel: number, label: number) => {
  const values = channels[channel].data.filter((_, i) => truth.data[i] === label && channels[0].data[i] > 0);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};
const [flair, t1ce, t1] = [0, 1, 2];

test("four channels and a truth on one grid, whole numbers, 0 outside the head and at least 1 inside", () => {
  expect(channels).toHaveLength(4);
  for (const { grid, data } of channels) {
    expect(grid).toBe(truth.grid);
    expect(data.every(Number.isInteger)).toBe(true);
    expect(data.map(Math.sign)).toEqual(channels[0].data.map(Math.sign));
  }
  const inside = channels[0].data.filter((value) => value > 0).length / channels[0].data.length;
  expect(inside).toBeGreaterThan(0.15);
  expect(inside).toBeLessThan(0.35);
});

test("every class is there, and lesions lie in the head", () => {
  expect([...new Set(truth.data)].sort()).toEqual([0, 1, 2, 4]);
  expect(truth.data.every((label, i) => label === 0 || channels[0].data[i] > 0)).toBe(true);
});

test("contrasts as in MRI: edema bright in FLAIR, the enhancing rim in T1ce only", () => {
  expect(mean(flair, 2)).toBeGreaterThan(1.5 * mean(flair, 0));
  expect(mean(t1ce, 4)).toBeGreaterThan(1.5 * mean(t1ce, 0));
  expect(mean(t1, 4)).toBeLessThan(mean(t1, 0));
});

test("the core lies inside the rim, the rim inside the edema", () => {
  const neighbours = (i: number) => [i - 1, i + 1, i - 32, i + 32, i - 1024, i + 1024].map((j) => truth.data[j] ?? 0);
  truth.data.forEach((label, i) => {
    if (label === 1) expect(neighbours(i)).not.toContain(0);
  });
});

test("the seed decides", () => {
  expect(makePhantom({ seed: 1, size })).toEqual({ channels, truth });
  expect(makePhantom({ seed: 2, size }).truth).not.toEqual(truth);
});
