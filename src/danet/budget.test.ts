import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import {
  budgetOf,
  chooseAction,
  expectScores,
  findLambda,
  type Inputs,
  measureRouting,
  routeAt,
  traceCurve,
} from "./budget.ts";

test("expected Dice of each action: p times the matrix", () => {
  const E = [
    [1, 0.8],
    [0, 0.6],
  ];
  const scores = expectScores([0.25, 0.75], { expectedDice: E });
  expect(scores[0]).toBeCloseTo(0.25, 12);
  expect(scores[1]).toBeCloseTo(0.65, 12);
  // 0.25 * 3 and 0.75 * 1: both labels are as likely in use.
  const [skip] = expectScores([0.25, 0.75], { expectedDice: E, labelRatio: [3, 1] });
  expect(skip).toBeCloseTo(0.5, 12);
});

test.each([
  [0, 2],
  [0.005, 2],
  [0.01, 1], // 0.9 - 0.3 = 0.8 - 0.2: a tie goes to the lower index
  [0.039, 1],
  [0.04, 0],
])("lambda %d chooses %d of scores 0, 0.8, 0.9 at costs 0, 20, 30", (lambda, choice) => {
  expect(chooseAction([0, 0.8, 0.9], [0, 20, 30], lambda)).toBe(choice);
});

/** Two inputs: one where any network is worth 0.8 and the better one 0.9, and one that is best skipped. */
const inputs: Inputs = {
  scores: [
    [0, 0.8, 0.9],
    [1, 0.7, 0.6],
  ],
  costs: [0, 20, 30],
};

test("a routing is measured by its whole cost and mean score", () => {
  expect(measureRouting(inputs, [2, 0])).toEqual({ cost: 30, expectedDice: 0.95 });
  expect(measureRouting(inputs, [1, 2]).cost).toBe(50);
});

describe("budget", () => {
  test.each([
    [100, [2, 0]],
    [30, [2, 0]],
    [29.9, [1, 0]],
    [20, [1, 0]],
    [19.9, [0, 0]],
    [0, [0, 0]],
  ])("%d gives %j", (budget, choices) => {
    expect(routeAt(inputs, findLambda(inputs, budget))).toEqual(choices);
  });

  test("effort goes from the cheapest candidate where any runs to the best routing", () => {
    expect(budgetOf(inputs, { effort: 0 })).toBe(20);
    expect(budgetOf(inputs, { effort: 0.5 })).toBe(25);
    expect(budgetOf(inputs, { effort: 1 })).toBe(30);
    expect(budgetOf(inputs, { budget: 7 })).toBe(7);
  });

  test("a budget that is met but for rounding is met", () => {
    const tenths: Inputs = { scores: Array.from({ length: 16 }, () => [0, 0.5]), costs: [0, 0.1] };
    expect(routeAt(tenths, findLambda(tenths, budgetOf(tenths, { effort: 0 })))).not.toContain(0);
  });

  test("the curve rises from nothing to the best routing", () => {
    expect(traceCurve(inputs)).toEqual([
      { cost: 0, expectedDice: 0.5 },
      { cost: 20, expectedDice: 0.9 },
      { cost: 30, expectedDice: 0.95 },
    ]);
  });
});

test("no routing of the same cost or less expects more, over all routings of six inputs", () => {
  const random = createRandom(3);
  const scores = Array.from({ length: 6 }, () => [random.uniform(), random.uniform(), random.uniform()]);
  const many: Inputs = { scores, costs: [0, 1, 2.5] };
  const all = Array.from({ length: 3 ** 6 }, (_, n) => scores.map((_, i) => Math.floor(n / 3 ** i) % 3));
  for (const { cost, expectedDice } of traceCurve(many)) {
    const rivals = all.map((choices) => measureRouting(many, choices)).filter((rival) => rival.cost <= cost + 1e-9);
    expect(Math.max(...rivals.map((rival) => rival.expectedDice))).toBeCloseTo(expectedDice, 12);
  }
});
