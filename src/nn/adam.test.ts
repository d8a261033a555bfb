import { expect, test } from "vitest";
import { evaluate, floats } from "../../test/evaluate.ts";
import { reference } from "../../test/reference/fill.ts";
import { input } from "../graph/value.ts";
import { adam, adamScalars } from "./adam.ts";

/** One update of `n` weights as a graph of inputs. */
function update(n: number, weightDecay: number) {
  const vector = (name: string) => input(name, [n]);
  const { weights, moments } = adam(vector("weights"), vector("gradient"), {
    moments: { mean: vector("mean"), square: vector("square"), largest: vector("largest") },
    scalars: { stepSize: input("stepSize", []), correction: input("correction", []) },
    weightDecay,
  });
  const { mean, square, largest } = moments;
  return { weightsAfter: weights, meanAfter: mean, squareAfter: square, largestAfter: largest };
}

test("four steps of three weights as PyTorch's Adam with AMSGrad and weight decay", async () => {
  const { lr, weightDecay, start, gradients, parameters } = reference.adam;
  const graph = update(start.length, weightDecay);
  const zeros = () => floats(start.map(() => 0));
  let state = { weights: floats(start), mean: zeros(), square: zeros(), largest: zeros() };
  for (const [t, gradient] of gradients.entries()) {
    const { stepSize, correction } = adamScalars(lr, t + 1);
    const scalars = { stepSize: floats([stepSize], []), correction: floats([correction], []) };
    const after = await evaluate(graph, { ...state, gradient: floats(gradient), ...scalars });
    state = {
      weights: after["weightsAfter"]!,
      mean: after["meanAfter"]!,
      square: after["squareAfter"]!,
      largest: after["largestAfter"]!,
    };
    for (const [i, value] of parameters[t]!.entries()) expect(state.weights.data[i]).toBeCloseTo(value, 6);
  }
});

test("the first step moves every weight by the learning rate against the sign of its gradient", () => {
  // m / (1 - b1) = g and sqrt(u / (1 - b2)) = |g|
  expect(adamScalars(0.1, 1).stepSize).toBeCloseTo(0.1 / 0.1, 12);
  expect(adamScalars(0.1, 1).correction).toBeCloseTo(1 / Math.sqrt(0.001), 9);
  expect(adamScalars(0.1, 10_000).stepSize).toBeCloseTo(0.1, 12);
});

test("without a gradient and without decay nothing moves, decay alone pulls towards zero", async () => {
  const feeds = {
    ...Object.fromEntries(["gradient", "mean", "square", "largest"].map((name) => [name, floats([0, 0])])),
    weights: floats([1, -2]),
    stepSize: floats([1], []),
    correction: floats([adamScalars(0.1, 1).correction], []),
  };
  const [still, pulled] = [await evaluate(update(2, 0), feeds), await evaluate(update(2, 0.01), feeds)];
  expect([...still["weightsAfter"]!.data]).toEqual([1, -2]);
  const [a, b] = pulled["weightsAfter"]!.data as Float32Array;
  expect([a, b].map((v) => Math.round(v! * 1e3) / 1e3)).toEqual([0.9, -1.9]);
});
