import { expect, test } from "vitest";
import { routingFlops } from "./cost.ts";
import { decide } from "./decision.ts";
import { activationRatio, groupByChoice } from "./routing.ts";

test("decide takes the largest logit and the lowest index of equal ones", () => {
  expect(decide([0, 2, 1]).choice).toBe(1);
  expect(decide([1, 1, 1]).choice).toBe(0);
  expect(decide(Float32Array.of(-3, -1, -1)).choice).toBe(1);
});

test("decide gives softmax probabilities", () => {
  const { probabilities } = decide([0, Math.log(3)]);
  expect(probabilities[0]).toBeCloseTo(0.25, 12);
  expect(probabilities[1]).toBeCloseTo(0.75, 12);
});

test("groupByChoice keeps order within a group", () => {
  expect(groupByChoice([2, 0, 2, 1], 4)).toEqual([[1], [3], [0, 2], []]);
});

test("activationRatio sums to 1, and is 0 for no input", () => {
  expect(activationRatio([0, 0, 0, 2], 3)).toEqual([0.75, 0, 0.25]);
  expect(activationRatio([], 2)).toEqual([0, 0]);
});

test("routingFlops adds the chosen networks, and the decision network apart", () => {
  const model = (macs: number) => ({ flops: { macs, paper: 10 * macs } }) as never;
  const bank = { candidates: [model(5), model(7)], decision: model(1) };
  expect(routingFlops([0, 1, 2, 2], 3, bank)).toEqual({
    macs: 19,
    paper: 190,
    withDecision: { macs: 22, paper: 220 },
    alwaysLargest: { macs: 28, paper: 280 },
  });
});
