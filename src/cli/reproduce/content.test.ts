import { expect, test } from "vitest";
import { measureSlices } from "./content.ts";

const model = (id: string, gflops: number) => ({ id, flops: { macs: 0, paper: gflops * 1e9 } });
const decide = (slice: number, choices: number[]) => choices.map((choice, window) => ({ slice, window, choice }));

/** Two slices of 2 x 2: one of nothing, one of three pixels of tissue with classes 1 and 3. */
test("pixels of regions, shares of tissue and actions, and FLOPs of each slice", () => {
  const slices = measureSlices({
    prepared: {
      size: [2, 2, 2],
      channels: [Float32Array.of(0, 0, 0, 0, 0, 0.5, -1, 2)],
      truth: Uint8Array.of(0, 0, 0, 0, 0, 1, 3, 3),
    },
    report: { decisions: [...decide(0, [0, 0, 0, 0]), ...decide(1, [2, 2, 1, 0])] },
    bank: { candidates: [model("M1", 1), model("M2", 4)] },
    regions: { ET: [3], TC: [1, 3] },
  });
  expect(slices).toEqual([
    {
      ...{ slice: 0, tissue: 0, foreground: 0, classes: 0, regions: { ET: 0, TC: 0 }, gflops: 0 },
      actions: { skip: 1, M1: 0, M2: 0 },
    },
    {
      ...{ slice: 1, tissue: 0.75, foreground: 3, classes: 2, regions: { ET: 2, TC: 3 }, gflops: 9 },
      actions: { skip: 0.25, M1: 0.25, M2: 0.5 },
    },
  ]);
});
