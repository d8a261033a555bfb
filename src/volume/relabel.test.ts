import { expect, test } from "vitest";
import { relabel, relabelTable } from "./relabel.ts";

test("labels of a file to classes and back; what is not listed becomes 0", () => {
  const [labels, classes] = [
    [0, 1, 2, 4],
    [0, 1, 2, 3],
  ];
  const file = Uint8Array.of(4, 0, 2, 1, 9);
  const found = relabel(file, relabelTable(labels, classes));
  expect([...found]).toEqual([3, 0, 2, 1, 0]);
  expect([...relabel(found, relabelTable(classes, labels))]).toEqual([4, 0, 2, 1, 0]);
});
