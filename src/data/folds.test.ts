import { expect, test } from "vitest";
import { UserError } from "../error.ts";
import { makeFolds, readSplit } from "./folds.ts";

const ids = [...Array.from({ length: 7 }, (_, i) => `a${i}`), ...Array.from({ length: 4 }, (_, i) => `b${i}`)];
const folds = (seed: number) => makeFolds(ids, { count: 3, seed, stratum: (id) => id[0] });

test("every case validates once and trains in the other folds", () => {
  const all = folds(1);
  expect(all.flatMap(({ validation }) => validation).sort()).toEqual(ids);
  for (const { train, validation } of all) expect([...train, ...validation].sort()).toEqual(ids);
});

test("sizes and strata are even", () => {
  for (const { validation } of folds(1)) {
    const ofA = validation.filter((id) => id.startsWith("a")).length;
    const ofB = validation.length - ofA;
    expect([2, 3]).toContain(ofA);
    expect([1, 2]).toContain(ofB);
    expect([3, 4]).toContain(validation.length);
  }
});

test("the seed decides, the order of the ids does not", () => {
  expect(folds(1)).toEqual(makeFolds([...ids].reverse(), { count: 3, seed: 1, stratum: (id) => id[0] }));
  expect(folds(1)).not.toEqual(folds(2));
});

test.each([1, 12, 2.5])("%d folds of 11 cases", (count) => {
  expect(() => makeFolds(ids, { count, seed: 1, stratum: () => "" })).toThrow(UserError);
});

const encode = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

test("reads a split file", () => {
  const split = { train: ["a", "b"], validation: ["c"] };
  expect(readSplit(encode(split), ["a", "b", "c", "unused"], "split.json")).toEqual(split);
});

test.each([
  ["not JSON", "{", /split.json must be JSON/],
  ["another key", { train: ["a"], validation: ["b"], test: [] }, /Unrecognized key: "test"/],
  ["no training case", { train: [], validation: ["a"] }, /train/],
  ["a case in both", { train: ["a", "b"], validation: ["a"] }, /"a" is listed again/],
  ["a case that is not there", { train: ["a", "zz"], validation: ["b"] }, /not there: zz/],
])("a split file with %s", (_, content, message) => {
  const read = () => readSplit(encode(content), ["a", "b"], "split.json");
  expect(read).toThrow(UserError);
  expect(read).toThrow(message);
});
