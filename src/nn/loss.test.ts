import { describe, expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { gradient } from "../graph/gradient.ts";
import { input, type Shape, scalar, type Value } from "../graph/value.ts";
import type { Tensor } from "../platform.ts";
import { crossEntropy, diceLoss, weightedCrossEntropy } from "./loss.ts";

const bytes = (values: readonly number[], dims: Shape): Tensor => ({
  dtype: "uint8",
  dims,
  data: Uint8Array.from(values),
});

/** Dice loss of class probabilities [N, C, 1, W], given class by class, and labels [N, 1, W]. */
async function dice(probabilities: readonly number[], labels: readonly number[], shape: Shape): Promise<number> {
  const [n, , h, w] = shape as [number, number, number, number];
  const loss = diceLoss(input("p", shape), input("labels", [n, h, w], "uint8"));
  const found = await evaluate({ loss }, { p: floats(probabilities, shape), labels: bytes(labels, [n, h, w]) });
  expect(found["loss"]!.dims).toEqual([]);
  return Number(found["loss"]!.data[0]);
}

describe("dice loss (Eq. 6)", () => {
  const two: Shape = [1, 3, 1, 4]; // background and two classes over four pixels
  test.each([
    ["perfect", [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0], [0, 1, 2, 0], 0],
    ["no overlap in either class", [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0], [0, 1, 2, 0], 2],
    // class 1: 2 x 1 / (2 + 1), class 2: 2 x 0 / (0 + 1)
    ["class 2 taken for class 1", [1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0], [0, 1, 2, 0], 1 / 3 + 1],
    // 2 x 0.5 / (1 + 1) for class 1; nothing predicted, nothing there: 0 / 1e-5 for class 2
    [
      "half sure; an absent class counts as missed",
      [0, 0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0],
      [0, 1, 0, 0],
      0.5 + 1,
    ],
  ])("%s", async (_, probabilities, labels, expected) => {
    expect(await dice(probabilities, labels, two)).toBeCloseTo(expected, 4);
  });

  test("inverted masks of two classes lose everything", async () => {
    expect(await dice([0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 1, 1], [1, 2, 1, 4])).toBeCloseTo(1, 4);
  });

  test.each([
    // classes 1 and 2 together are right, however they share; 2 alone: 2 x 0.5 / (0.5 + 1)
    ["over regions", {}, 1 / 3],
    // 2 alone: 0.5 / (0.3 x 0.5 + 0.7 x 1)
    ["what is missed weighs 0.7, what is false 0.3", { beta: 0.7 }, 1 - 0.5 / 0.85],
  ])("%s", async (_, options, expected) => {
    const shape: Shape = [1, 3, 1, 4];
    const both = { regions: [[1, 2], [2]], ...options };
    const loss = diceLoss(input("p", shape), input("labels", [1, 1, 4], "uint8"), both);
    const p = [1, 0, 0, 1, 0, 1, 0.5, 0, 0, 0, 0.5, 0];
    const { found } = await evaluate({ found: loss }, { p: floats(p, shape), labels: bytes([0, 1, 2, 0], [1, 1, 4]) });
    expect(found!.data[0]).toBeCloseTo(expected, 4);
  });

  test("sums go over the whole batch, not per image", async () => {
    // image 1 is right (one pixel), image 2 misses its only pixel: 2 x 1 / (1 + 2), not the mean of 1 and 0
    const found = await dice([0, 1, 1, 0, 1, 1, 0, 0], [1, 0, 1, 0], [2, 2, 1, 2]);
    expect(found).toBeCloseTo(1 - 2 / 3, 4);
  });

  test("pulls the probability of the truth up", async () => {
    const p = input("p", [1, 2, 1, 2]);
    const [slope] = gradient([[diceLoss(p, input("labels", [1, 1, 2], "uint8")), scalar(1)]], [p]) as [Value];
    const feeds = { p: floats([0.5, 0.5, 0.5, 0.5], [1, 2, 1, 2]), labels: bytes([1, 0], [1, 1, 2]) };
    const { found } = await evaluate({ found: slope }, feeds);
    // 1 - 2 p0 / (p0 + p1 + 1) at p = (0.5, 0.5): d p0 = -(2 x 2 - 1) / 4, d p1 = 1 / 4; the background is not read
    for (const [i, expected] of [0, 0, -0.75, 0.25].entries()) expect(found!.data[i]).toBeCloseTo(expected, 4);
  });
});

test("cross-entropy: the mean over all pixels of -log p of the truth", async () => {
  const [shape, size] = [
    [2, 2, 1, 2],
    [2, 1, 2],
  ];
  const loss = crossEntropy(input("logP", shape), input("labels", size, "uint8"));
  const logP = [0.5, 0.25, 0.5, 0.75, 1, 0.1, 1, 0.9].map(Math.log); // class 0, class 1 of image 1; then of image 2
  const feeds = { logP: floats(logP, shape), labels: bytes([0, 1, 0, 0], size) };
  const { found } = await evaluate({ found: loss }, feeds);
  expect(found!.dims).toEqual([]);
  const expected = -(Math.log(0.5) + Math.log(0.75) + Math.log(1) + Math.log(0.1)) / 4;
  expect(found!.data[0]).toBeCloseTo(expected, 5);
});

/** Weighted cross entropy of logits [N, weights.length]. */
async function weightedLoss(logits: readonly number[], targets: readonly number[], weights: readonly number[]) {
  const shape = [targets.length, weights.length];
  const loss = weightedCrossEntropy(input("logits", shape), input("targets", [targets.length], "uint8"), weights);
  const feeds = { logits: floats(logits, shape), targets: bytes(targets, [targets.length]) };
  return Number((await evaluate({ loss }, feeds))["loss"]!.data[0]);
}

describe("weighted cross entropy (Eq. 7)", () => {
  test("equal logits cost ln 2 whatever the weights", async () => {
    expect(await weightedLoss([0, 0, 3, 3], [0, 1], [1, 5])).toBeCloseTo(Math.LN2, 5);
  });
  test("logits are softmaxed: [ln 3, 0] gives 3/4 and 1/4", async () => {
    expect(await weightedLoss([Math.log(3), 0], [0], [1, 1])).toBeCloseTo(Math.log(4 / 3), 5);
    expect(await weightedLoss([Math.log(3), 0], [1], [1, 1])).toBeCloseTo(Math.log(4), 5);
  });
  test("the mean is weighted by the truth's class: (1 ln(4/3) + 3 ln 4) / (1 + 3)", async () => {
    const found = await weightedLoss([Math.log(3), 0, Math.log(3), 0], [0, 1], [1, 3]);
    expect(found).toBeCloseTo((Math.log(4 / 3) + 3 * Math.log(4)) / 4, 5);
  });
  test("large logits do not overflow", async () => {
    expect(await weightedLoss([1000, 0, 0, 1000], [0, 0], [1, 1])).toBeCloseTo(500, 3);
  });
});
