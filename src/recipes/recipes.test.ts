import { describe, expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { datasets } from "../data/index.ts";
import { measureNetwork } from "../nets/network.ts";
import { applySettings, type Recipe } from "../train/recipe.ts";
import { candidateSpecs } from "../train/run.ts";
import { decathlon } from "./decathlon.ts";
import { recipes } from "./index.ts";

const costs = (recipe: Recipe, dataset: Dataset) =>
  Object.values(candidateSpecs({ recipe, dataset })).map((spec) => measureNetwork(spec).paper);
const rising = (values: readonly number[]) => [...values].sort((a, b) => a - b);

const fixed = Object.entries(recipes).flatMap(([name, entry]) =>
  "fit" in entry ? [] : [[name, entry as Recipe] as const],
);
test.each(fixed)("%s is whole, and its candidates rise in cost", (_, recipe) => {
  expect(applySettings(recipe, [])).toEqual(recipe);
  const dataset = datasets[recipe.dataset as keyof typeof datasets];
  expect(costs(recipe, dataset)).toEqual(rising(costs(recipe, dataset)));
  expect(Object.keys(dataset.regions)).toEqual(
    expect.arrayContaining(Object.keys(recipe.postprocess?.minRegion ?? {})),
  );
});

describe("decathlon fits its networks to the slices", () => {
  test.each([
    [[64, 64], { setting: "full", inputSize: 64, stride: 64 }],
    [[128, 128], { setting: "full", inputSize: 128 }],
    [[512, 512], { setting: "window", inputSize: 128, stride: 42 }],
    [[192, 160], { setting: "window", inputSize: 128 }],
  ] as const)("%j", (sliceSize, expected) => {
    const frame = { orientation: "RAS", spacing: [1, 1, null], sliceSize } as const;
    const dataset: Dataset = { ...datasets.lits, frame };
    const recipe = decathlon.fit(dataset);
    expect(recipe).toMatchObject(expected);
    expect(applySettings(recipe, [])).toEqual(recipe);
    expect(costs(recipe, dataset)).toEqual(rising(costs(recipe, dataset)));
  });
});

test("the small bank's costs at 64x64, one channel and three classes", () => {
  const frame = { orientation: "RAS", spacing: [1, 1, null], sliceSize: [64, 64] } as const;
  const dataset: Dataset = { ...datasets.lits, frame };
  expect(costs(decathlon.fit(dataset), dataset).map((flops) => Math.round(flops / 1e6))).toEqual([67, 265, 326, 442]);
});
