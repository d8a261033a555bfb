import { expect, test } from "vitest";
import type { WeightPlan } from "../nn/scope.ts";
import { growState } from "./trainee.ts";

const spec = (key: string, shape: readonly number[]) => ({ key, shape, init: { kind: "constant", value: 0 } as const });
const plan = (parameters: WeightPlan["parameters"], buffers: WeightPlan["buffers"]): WeightPlan => ({
  parameters,
  buffers,
  noise: 0,
});
const state = (parameters: readonly number[], buffers: readonly number[], step: number) => {
  const zeros = () => new Float32Array(parameters.length);
  return {
    parameters: Float32Array.from(parameters),
    buffers: Float32Array.from(buffers),
    ...{ mean: zeros(), square: zeros(), largest: zeros(), step },
  };
};

test("a network grows from the weights and statistics that fit by key and shape", () => {
  const parent = {
    plan: plan([spec("conv.weight", [2, 1]), spec("head.weight", [1])], [spec("norm.mean", [2])]),
    state: state([1, 2, 3], [4, 5], 70),
  };
  const own = {
    plan: plan([spec("extra", [1]), spec("conv.weight", [2, 1]), spec("head.weight", [2])], [spec("norm.mean", [2])]),
    state: state([-1, -2, -3, -4, -5], [0, 0], 0),
  };
  const grown = growState(own, parent);
  expect([...grown.parameters]).toEqual([-1, 1, 2, -4, -5]);
  expect([...grown.buffers]).toEqual([4, 5]);
  expect(grown.step).toBe(0);
});
