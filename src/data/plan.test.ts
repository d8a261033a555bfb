import { describe, expect, test } from "vitest";
import type { Vec3 } from "../volume/grid.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { planFrame, planNormalization } from "./plan.ts";

const print = (size: Vec3, spacing: Vec3, orientation = "RAS"): Fingerprint => ({
  id: "x",
  ...{ orientation, size, spacing },
  filled: [1],
  foreground: [],
});

describe("the frame", () => {
  test.each<[string, Fingerprint[], ReturnType<typeof planFrame>]>([
    [
      "isotropic and small: axial, one square input that holds the largest",
      [print([35, 51, 35], [1, 1, 1]), print([43, 59, 47], [1, 1, 1]), print([31, 40, 24], [1, 1, 1])],
      { orientation: "RAS", spacing: [1, 1, null], sliceSize: [64, 64] },
    ],
    [
      "thick slices from left to right: along them, the others in their order",
      [print([20, 256, 300], [4, 0.7, 0.7], "LIP")],
      { orientation: "IPL", spacing: [0.7, 0.7, null], sliceSize: [256, 300] },
    ],
    [
      "mixed spacings: the median in the slice; 100 voxels of 2 mm are 200 of 1 mm",
      [print([200, 200, 40], [1, 1, 5]), print([200, 150, 80], [1, 1, 2.5]), print([100, 100, 40], [2, 2, 5])],
      { orientation: "RAS", spacing: [1, 1, null], sliceSize: [200, 200] },
    ],
    [
      "mixed orientations: the most common one, sizes turned to it",
      [print([30, 60, 20], [1, 1, 3]), print([30, 60, 20], [1, 1, 3]), print([20, 70, 30], [3, 1, 1], "SPL")],
      { orientation: "RAS", spacing: [1, 1, null], sliceSize: [96, 96] },
    ],
    [
      "long and narrow: no side below the window",
      [print([400, 90, 10], [1, 1, 3])],
      { orientation: "RAS", spacing: [1, 1, null], sliceSize: [400, 160] },
    ],
  ])("%s", (_, prints, frame) => expect(planFrame(prints)).toEqual(frame));
});

describe("the normalization", () => {
  const intensities = Float32Array.from({ length: 1001 }, (_, i) => i - 500); // percentiles 0.5 and 99.5: -495 and 495
  const withFilled = (filled: number) => ({
    ...print([1, 1, 1], [1, 1, 1]),
    filled: [filled],
    foreground: [intensities],
  });

  test("CT, in any case of letters: clipped to percentiles of the foreground, its mean and sd", () => {
    const [rule] = planNormalization(["ct"], [withFilled(1)]);
    // variance of 0 ... 1000: (1001^2 - 1) / 12
    expect(rule).toEqual({ kind: "clip", low: -495, high: 495, mean: 0, sd: Math.sqrt((1001 ** 2 - 1) / 12) });
  });

  test.each([
    [0.9, "all"],
    [0.4, "nonzero"],
  ])("anything else: z-score; with %d of the voxels not 0 over %s", (filled, over) => {
    expect(planNormalization(["T2"], [withFilled(filled)])).toEqual([{ kind: "zscore", over }]);
  });

  test("CT whose truths are all empty", () => {
    const empty = { ...withFilled(1), foreground: [new Float32Array()] };
    expect(() => planNormalization(["CT"], [empty])).toThrow(/all truths are empty/);
  });
});
