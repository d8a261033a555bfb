import { expect, test } from "vitest";
import { phantom } from "../data/phantom.ts";
import type { Runtime } from "../platform.ts";
import { recipes } from "../recipes/index.ts";
import { filesOfTrained } from "./candidate-file.ts";
import { choiceCosts } from "./choice-costs.ts";
import { candidateSpecs, type TrainRun } from "./run.ts";
import { buildStep, initialState } from "./step.ts";

/** Each network takes longer than the one loaded before it: 0, 40, ... ms. */
function slowing(): Runtime {
  let loaded = 0;
  return {
    ...{ name: "fake", device: "cpu" },
    load: async () => {
      const ms = 40 * loaded++;
      const run = () => new Promise<Record<string, never>>((resolve) => setTimeout(resolve, ms, {}));
      return { inputNames: [], outputNames: [], run, release: async () => {} };
    },
  };
}

function costs(cost: "flops" | "time") {
  const recipe = { ...recipes.phantom, choice: { ...recipes.phantom.choice, cost } };
  const run = { recipe, dataset: phantom, runtime: slowing() } as unknown as TrainRun;
  const specs = Object.entries(candidateSpecs(run));
  const bank = Object.fromEntries(
    specs.map(([id, spec]) => {
      const { plan } = buildStep(spec, { batch: 1, lossScale: 1, weightDecay: 0 });
      return [id, { plan, state: initialState(plan, 1) }];
    }),
  );
  return choiceCosts(run, filesOfTrained(run, bank));
}

test("time has the sum of the FLOPs in G, and the slow network most of it", async () => {
  const [m1, m2] = (await costs("flops")) as [number, number];
  const [fast, slow] = (await costs("time")) as [number, number];
  expect(fast + slow).toBeCloseTo(m1 + m2, 9);
  expect(slow).toBeGreaterThan(fast);
});
