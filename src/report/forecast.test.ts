import { expect, test } from "vitest";
import { createForecast } from "./forecast.ts";

test("the rest of a stage goes as fast as what was seen of it", () => {
  let time = 5000;
  const secondsLeft = createForecast(() => time);
  const at = (seconds: number, stage: string, done: number) => {
    time = 5000 + 1000 * seconds;
    return secondsLeft({ stage, done, total: 10 });
  };
  expect(at(0, "read", 0)).toBe(undefined);
  expect(at(2, "read", 0)).toBe(undefined);
  expect(at(4, "read", 2)).toBe(16);
  expect(at(5, "train", 6)).toBe(undefined); // resumed with six done
  expect(at(8, "train", 8)).toBeCloseTo(3);
  expect(at(9, "train", 10)).toBe(0);
  expect(secondsLeft({ stage: "train", done: 8, total: 10, share: 0.8 })).toBeCloseTo(4);
});
