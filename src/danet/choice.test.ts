import { describe, expect, test } from "vitest";
import { bestChoice, countForeground, paperChoiceMetric, sliceDice, softmax } from "./choice.ts";

const gflops = [0.605, 1.067, 2.358, 4.979]; // the paper's M1-M4 at 128x128

describe("bestChoice (Eq. 4)", () => {
  test.each([
    ["no foreground: skip, however good a candidate is", { foreground: 0, dice: [1, 1, 1, 1] }, {}, 0],
    ["one pixel is foreground", { foreground: 1, dice: [0, 0, 0, 0] }, {}, 1],
    ["equal Dice: the cheapest", { foreground: 9, dice: [0.5, 0.5, 0.5, 0.5] }, {}, 1],
    ["a clear winner costs what it may", { foreground: 9, dice: [0.5, 0.5, 0.5, 0.9] }, {}, 4],
    // softmax(F)_4 - softmax(F)_1 = 0.9047 - 0.0114 = 0.8933, times 0.001: M4 must be better by 0.000893.
    ["gain above alpha * softmax F", { foreground: 9, dice: [0.8, 0, 0, 0.8009] }, {}, 4],
    ["gain below alpha * softmax F", { foreground: 9, dice: [0.8, 0, 0, 0.80088] }, {}, 1],
    // Without softmax 0.001 * (4.979 - 0.605) = 0.004374.
    ["gain above alpha * F", { foreground: 9, dice: [0.8, 0, 0, 0.8044] }, { softmaxFlops: false }, 4],
    ["gain below alpha * F", { foreground: 9, dice: [0.8, 0, 0, 0.8043] }, { softmaxFlops: false }, 1],
    // Dice 0 and 1 become 0.269 and 0.731 of two; alpha 0.6 lets the cost decide only with softmax on S.
    ["softmax on S", { foreground: 9, dice: [0, 1], gflops: [0, 5] }, { alpha: 0.6, softmaxDice: true }, 1],
    ["no softmax on S", { foreground: 9, dice: [0, 1], gflops: [0, 5] }, { alpha: 0.6 }, 2],
  ])("%s", (_, scores, metric, expected) => {
    expect(bestChoice({ gflops, ...scores }, { ...paperChoiceMetric, ...metric })).toBe(expected);
  });
});

describe("sliceDice", () => {
  const regions = [[3], [1, 3], [1, 2, 3]]; // ET, TC, WT as classes
  test("mean over the regions, counted by hand", () => {
    const prediction = Uint8Array.of(0, 1, 2, 3);
    const truth = Uint8Array.of(0, 1, 1, 3);
    // ET 2*1/(1+1) = 1; TC 2*2/(2+3) = 0.8; WT 2*3/(3+3) = 1
    expect(sliceDice(prediction, truth, regions)).toBeCloseTo((1 + 0.8 + 1) / 3, 12);
  });
  test("both empty scores 1 in that region, one empty 0", () => {
    const empty = new Uint8Array(4);
    expect(sliceDice(empty, empty, regions)).toBe(1);
    expect(sliceDice(Uint8Array.of(2, 0, 0, 0), empty, regions)).toBeCloseTo(2 / 3, 12); // ET and TC agree, WT does not
  });
  test("a class of no region is background", () => {
    expect(sliceDice(Uint8Array.of(7, 3), Uint8Array.of(0, 3), [[3]])).toBe(1);
  });
});

test("countForeground counts every class but 0", () => {
  expect(countForeground(Uint8Array.of(0, 1, 0, 3))).toBe(2);
});

test("softmax does not overflow", () => {
  expect(softmax([1000, 1000])).toEqual([0.5, 0.5]);
});
