import { expect, test } from "vitest";
import { findNonZero } from "./nonzero.ts";

function indicesOf(values: Uint8Array | Float32Array): number[] {
  const next = findNonZero(values);
  const found: number[] = [];
  for (let i = next(0); i < values.length; i = next(i + 1)) found.push(i);
  return found;
}

test.each([
  { what: "nothing", values: [] },
  { what: "zeros", values: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
  { what: "the first and the last", values: [1, 0, 0, 0, 0, 0, 0, 0, 0, 2] },
  { what: "neighbours over the border of a word", values: [0, 0, 0, 7, 7, 0, 0, 0] },
  { what: "after the last whole word", values: [0, 0, 0, 0, 0, 9] },
])("$what", ({ values }) => {
  const expected = [...values.keys()].filter((i) => values[i] !== 0);
  expect(indicesOf(Uint8Array.from(values))).toEqual(expected);
  expect(indicesOf(Uint8Array.from([0, ...values]).subarray(1))).toEqual(expected); // not aligned
  expect(indicesOf(Float32Array.from(values))).toEqual(expected);
});

test("every number of random bytes", () => {
  const values = Uint8Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 13 === 0 ? i : 0));
  expect(indicesOf(values)).toEqual([...values.keys()].filter((i) => values[i] !== 0));
});

test("minus zero is zero", () => {
  expect(indicesOf(Float32Array.of(-0, 0, -1))).toEqual([2]);
});
