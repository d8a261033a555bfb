import { expect, test } from "vitest";
import { createProgress, formatDuration } from "./progress.ts";

function record(isTTY: boolean) {
  let parts: string[] = [];
  let time = 0;
  const output = { isTTY, columns: 80, write: (part: string) => parts.push(part) };
  const progress = createProgress(output, () => time);
  return {
    at: (seconds: number, done: number, stage = "slices") => {
      time = seconds * 1000;
      progress.report({ stage, done, total: 10 });
    },
    clear: progress.clear,
    take: () => {
      const taken = parts.join("");
      parts = [];
      return taken;
    },
  };
}

test("elsewhere than on a terminal: a line every 15 seconds, with the time that is left", () => {
  const { at, take } = record(false);
  at(0, 0);
  at(10, 1);
  expect(take()).toBe("");
  at(20, 2);
  expect(take()).toBe("slices 2 of 10, 1:20 left\n");
  at(25, 3);
  at(40, 10);
  expect(take()).toBe("");
});

test("on a terminal: a bar drawn over itself, removed at the end and for other lines", () => {
  const { at, clear, take } = record(true);
  at(0, 0);
  expect(take()).toBe("\r\x1b[K░░░░░░░░░░░░░░░░░░░░░░░░ slices 0 of 10");
  at(0.01, 1);
  expect(take()).toBe("");
  at(5, 5);
  expect(take()).toBe("\r\x1b[K████████████░░░░░░░░░░░░ slices 5 of 10, 0:05 left");
  clear();
  expect(take()).toBe("\r\x1b[K");
  clear();
  expect(take()).toBe("");
  at(6, 6);
  at(10, 10);
  expect(take().endsWith("slices 6 of 10, 0:04 left\r\x1b[K")).toBe(true);
});

test("each stage has its own clock, which starts at what is done by then", () => {
  const { at, take } = record(true);
  at(0, 0);
  at(100, 1, "cases");
  at(102, 2, "cases");
  expect(take()).toContain("cases 2 of 10, 0:16 left");
});

test.each([
  [0, "0:00"],
  [59.6, "1:00"],
  [725, "12:05"],
  [10_812, "3:00:12"],
])("%d seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));
