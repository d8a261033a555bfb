import { expect, test } from "vitest";
import type { Bank } from "../danet/bank.ts";
import { brats } from "../recipes/brats.ts";
import { recipeOf } from "./recipe-over.ts";

const bankWith = (recipe: unknown) => ({ recipe, folder: { name: "banks/mine" } }) as Bank;

test("a bank's own recipe; one from before Eq. 6 had options is the paper's", () => {
  const { diceOf: _, diceBeta: __, ...before } = brats.bank;
  expect(recipeOf(bankWith({ ...brats, bank: before }))).toEqual({
    ...brats,
    bank: { ...before, diceOf: "classes", diceBeta: 0.5 },
  });
});

test.each([
  ["none", undefined, "recipe: "],
  ["one of another version", { ...brats, bank: {} }, "bank.epochs: "],
])("a bank with %s: one line", (_, recipe, where) => {
  const line = `banks/mine: the bank must keep a recipe of this version to train by: ${where}`;
  expect(() => recipeOf(bankWith(recipe))).toThrow(line);
});
