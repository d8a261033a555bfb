import { expect, test } from "vitest";
import { learningRateAt } from "./schedule.ts";

const schedule = { learningRate: 2, warmupSteps: 4, totalSteps: 104 };

test.each([
  ["first step of the warm-up", 0, 0.5],
  ["middle of the warm-up", 1, 1],
  ["end of the warm-up", 3, 2],
  ["start of the decay", 4, 2],
  ["half of the decay: 2 x 0.5^0.9", 54, 1.0717734625],
  ["last step: 2 x 0.01^0.9", 103, 0.0316978638],
  ["past the end", 104, 0],
])("%s", (_, step, expected) => expect(learningRateAt(step, schedule)).toBeCloseTo(expected, 9));

test("without warm-up it starts at the full rate", () => {
  expect(learningRateAt(0, { ...schedule, warmupSteps: 0 })).toBe(2);
});
test("a run that is all warm-up never divides by zero", () => {
  expect(learningRateAt(4, { ...schedule, totalSteps: 4 })).toBe(2);
});
