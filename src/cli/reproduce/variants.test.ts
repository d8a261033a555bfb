import { expect, test } from "vitest";
import type { BankModel } from "../../danet/bank.ts";
import { relabel } from "./variants.ts";

const model = (id: string, gflops: number) => ({ id, flops: { macs: 0, paper: gflops * 1e9 } }) as BankModel;
const bank = { candidates: [model("M1", 1), model("M2", 2), model("M3", 5)] };
const label = (choice: number, dice?: number[]) => ({
  case: 0,
  slice: 0,
  x: 0,
  y: 0,
  choice,
  ...(dice ? { dice } : {}),
});
const labels = [label(0), label(3, [0.7, 0.8, 0.9]), label(1, [0.9, 0.1, 0.9])];
const choose = (candidates: string[], alpha: number) =>
  relabel(bank, labels, {
    candidates,
    choice: { alpha, softmaxDice: false, softmaxFlops: false, cost: "flops" },
  }).map(({ choice }) => choice);

// Gains of the second label: Dice - alpha * [1, 2, 5].
test.each([
  ["cost does not count", ["M1", "M2", "M3"], 0, [0, 3, 1]],
  ["0.65, 0.70, 0.65", ["M1", "M2", "M3"], 0.05, [0, 2, 1]],
  ["cost is all", ["M1", "M2", "M3"], 1, [0, 1, 1]],
  ["of M1 and M3, M3 is the second", ["M1", "M3"], 0, [0, 2, 1]],
  ["of M2 and M3", ["M2", "M3"], 0, [0, 2, 2]],
])("labels follow the metric: %s", (_, candidates, alpha, expected) => {
  expect(choose(candidates, alpha)).toEqual(expected);
});
