import { expect, test } from "vitest";
import { phantom } from "../recipes/phantom.ts";
import { countEpochs } from "./plan-time.ts";

test("epochs that fit beside labels, decision network and looks at the validation cases", () => {
  const recipe = {
    candidates: [
      { ...phantom.candidates[0]!, trainedShare: 0.5 },
      { ...phantom.candidates[1]!, trainedShare: 1, grow: { from: "M1", at: 0.75 } },
    ],
    bank: { ...phantom.bank, stepsPerEpoch: 10, validateEvery: 2 },
    decisionTraining: { ...phantom.decisionTraining, epochs: 2, stepsPerEpoch: 5 },
  };
  const candidates = [
    { step: 1, forward: 0.1 },
    { step: 4, forward: 0.4 },
  ];
  const cost = { candidates, decision: { step: 3, forward: 0 }, crops: 8, windows: 40 };
  // After the bank: 40 windows x 0.5 s + 10 decision steps x 3 s = 50 s.
  // An epoch: 10 steps x (1 s x 0.5 + 4 s x 0.25) + half a look of 8 x 0.5 s = 17 s.
  expect(countEpochs(recipe, { ...cost, seconds: 50 + 17 * 3 })).toBe(3);
  expect(countEpochs(recipe, { ...cost, seconds: 50 + 17 * 3 - 1 })).toBe(2);
  expect(countEpochs(recipe, { ...cost, seconds: 60 })).toBe(0);
});
