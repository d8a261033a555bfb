import { expect, test } from "vitest";
import { keySteps } from "./key-steps.ts";

test.each([
  ["axial", "ArrowUp", false, [0, 0, 1]],
  ["all", "PageDown", false, [0, 0, -10]],
  ["coronal", "ArrowDown", false, [0, -1, 0]],
  ["sagittal", "PageUp", false, [10, 0, 0]],
  // The patient's left is at the right of the screen, his front at the right of a sagittal slice.
  ["axial", "ArrowRight", true, [-1, 0, 0]],
  ["axial", "ArrowUp", true, [0, 1, 0]],
  ["sagittal", "ArrowRight", true, [0, 1, 0]],
  ["coronal", "ArrowDown", true, [0, 0, -1]],
] as const)("%s %s, shift %s", (plane, key, shiftKey, move) => {
  expect(keySteps({ key, shiftKey }, plane)?.move.map((step) => step + 0)).toEqual(move);
});

test("arrows turn in 3D; other keys mean nothing", () => {
  expect(keySteps({ key: "ArrowLeft", shiftKey: false }, "3D")?.turn).toEqual([-5, 0]);
  expect(keySteps({ key: "PageUp", shiftKey: false }, "3D")).toBeUndefined();
  expect(keySteps({ key: "c", shiftKey: false }, "axial")).toBeUndefined();
});
