import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { fanIn, type Init, initialize, ones, zero } from "./init.ts";

const drawn = (init: Init, n = 10_000) => {
  const values = new Float32Array(n).fill(Number.NaN);
  initialize(values, init, createRandom(7));
  return values;
};
const mean = (values: Iterable<number>) => {
  const all = [...values];
  return all.reduce((sum, v) => sum + v, 0) / all.length;
};

describe("initial weights", () => {
  test("constants", () => {
    expect([...drawn(ones, 3)]).toEqual([1, 1, 1]);
    expect([...drawn(zero, 3)]).toEqual([0, 0, 0]);
  });

  test("PyTorch's default fills [-1 / sqrt(fan-in), 1 / sqrt(fan-in))", () => {
    expect(fanIn(25)).toEqual({ kind: "uniform", bound: 0.2 });
    const values = drawn(fanIn(25));
    expect(Math.max(...values)).toBeLessThan(0.2);
    expect(Math.max(...values)).toBeGreaterThan(0.199);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.2);
    expect(Math.min(...values)).toBeLessThan(-0.199);
    // the standard error of a mean of 10,000 is 0.2 / sqrt(3) / 100 = 0.0012
    expect(Math.abs(mean(values))).toBeLessThan(0.004);
  });

  test("normal: mean 0, standard deviation as stated", () => {
    const values = drawn({ kind: "normal", sd: 0.5 });
    expect(Math.abs(mean(values))).toBeLessThan(0.02); // 4 standard errors of 0.005
    expect(Math.sqrt(mean(values.map((v) => v * v)))).toBeCloseTo(0.5, 1);
    const within = values.filter((v) => Math.abs(v) < 0.5).length / values.length;
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.02);
  });

  test("the same seed, the same weights", () => expect(drawn(fanIn(9))).toEqual(drawn(fanIn(9))));
});
