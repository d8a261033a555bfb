/** @file Training of the decision network on the choice labels (Eq. 7). */

import { learningRateAt } from "../nn/schedule.ts";
import { createRandom, deriveSeed } from "../random.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { WindowDrawing } from "./drawing.ts";
import type { ChoiceLabel } from "./labels.ts";
import { decisionEntry, decisionSpec, identityOf, STREAM, type Trained, type TrainRun } from "./run.ts";
import { buildStep, createStepper, initialState } from "./step.ts";
import { takeSteps } from "./take-steps.ts";

const PATH = "checkpoints/decision.safetensors";

/** Trains or goes on training the decision network. */
export async function trainDecision(run: TrainRun, labels: readonly ChoiceLabel[]): Promise<Trained> {
  const { recipe, out } = run;
  const { id } = decisionEntry(recipe);
  const { epochs, stepsPerEpoch, batch, learningRate, weightDecay, classWeights } = recipe.decisionTraining;
  const graph = buildStep(decisionSpec(run), { batch, weightDecay, lossScale: 1, classWeights });
  const identity = identityOf(run, "decision");
  const checkpoint = await readCheckpoint(out, PATH, { identity, plans: { [id]: graph.plan } });
  const start =
    checkpoint?.states[id]?.state ?? initialState(graph.plan, deriveSeed(recipe.seed, STREAM.decisionWeights));
  const stepper = await createStepper(run.runtime, graph, start);
  const schedule = { learningRate, warmupSteps: stepsPerEpoch, totalSteps: epochs * stepsPerEpoch };
  const rateAt = (step: number) => learningRateAt(step, schedule);
  const randomAt = (step: number) => createRandom(deriveSeed(recipe.seed, STREAM.decisionDropout, step));
  const trained = async () => ({ plan: graph.plan, state: await stepper.state() });
  let sum = 0;
  await takeSteps(run, windowsOf(run, labels), {
    ...{ name: "decision", start: start.step, epochs, stepsPerEpoch },
    take: async (step, drawn) => {
      const batches = drawn.map((one, i) => ({ ...one, learningRate: rateAt(step + i), random: randomAt(step + i) }));
      for (const loss of await stepper.take(batches)) sum += loss;
    },
    describe: async (step) => {
      const loss = sum / stepsPerEpoch;
      sum = 0;
      return { loss, learningRate: rateAt(step - 1) };
    },
    save: async (step) => writeCheckpoint(out, PATH, { step, identity, states: { [id]: await trained() } }),
  });
  const result = await trained();
  await stepper.release();
  return result;
}

/** The windows that the decision network learns from. */
function windowsOf({ recipe, training }: TrainRun, labels: readonly ChoiceLabel[]): WindowDrawing {
  // A turned or magnified window shows other pixels than the one whose label was measured.
  const plan = { ...recipe.sampling, warp: 0 };
  const { batch, tumourWindows } = recipe.decisionTraining;
  const { seed, inputSize: size } = recipe;
  return { kind: "windows", seed, cases: training, plan, labels, batch, tumourWindows, size };
}
