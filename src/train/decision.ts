/** @file Training of the decision network on the choice labels (Eq. 7). */

import { drawAugmentation } from "../data/augment.ts";
import { copyCrop } from "../data/sampler.ts";
import { learningRateAt } from "../nn/schedule.ts";
import { createRandom, deriveSeed, type Random } from "../random.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { ChoiceLabel } from "./labels.ts";
import { decisionEntry, decisionSpec, identityOf, STREAM, type Trained, type TrainRun } from "./run.ts";
import { buildStep, createStepper, initialState, type StepGraph } from "./step.ts";

const PATH = "checkpoints/decision.safetensors";

/** Trains or goes on training the decision network. */
export async function trainDecision(run: TrainRun, labels: readonly ChoiceLabel[]): Promise<Trained> {
  const { recipe, log, out } = run;
  const { id } = decisionEntry(recipe);
  const { epochs, stepsPerEpoch, batch, learningRate, weightDecay, classWeights } = recipe.decisionTraining;
  const graph = buildStep(decisionSpec(run), { batch, weightDecay, lossScale: 1, classWeights });
  const identity = identityOf(run, "decision");
  const checkpoint = await readCheckpoint(out, PATH, { identity, plans: { [id]: graph.plan } });
  const start =
    checkpoint?.states[id]?.state ?? initialState(graph.plan, deriveSeed(recipe.seed, STREAM.decisionWeights));
  const stepper = await createStepper(run.runtime, graph, start);
  const draw = windowDrawer(run, labels, graph);
  const total = epochs * stepsPerEpoch;
  log.rewind("decision", start.step);
  let sum = 0;
  let started = performance.now();
  const rateAt = (step: number) =>
    learningRateAt(step, { learningRate, warmupSteps: stepsPerEpoch, totalSteps: total });
  for (let step = start.step; step < total; ) {
    sum += await stepper.step({
      ...draw(step),
      learningRate: rateAt(step),
      random: createRandom(deriveSeed(recipe.seed, STREAM.decisionDropout, step)),
    });
    step++;
    run.onProgress?.({ stage: "decision", done: step, total });
    const epochEnds = step % stepsPerEpoch === 0;
    if (epochEnds) {
      const means = { loss: sum / stepsPerEpoch, learningRate: rateAt(step - 1) };
      const seconds = (performance.now() - started) / 1000;
      await log.add({ phase: "decision", step, epoch: step / stepsPerEpoch, ...means, seconds });
      [sum, started] = [0, performance.now()];
    }
    if (epochEnds || run.signal?.aborted) {
      const states = { [id]: { plan: graph.plan, state: await stepper.state() } };
      await writeCheckpoint(out, PATH, { step, identity, states });
    }
    run.signal?.throwIfAborted();
  }
  const trained = { plan: graph.plan, state: await stepper.state() };
  await stepper.release();
  return trained;
}

/** The windows of step t: tumour-bearing ones with the recipe's share, mirrored and changed in intensity at random. */
function windowDrawer({ recipe, training, dataset }: TrainRun, labels: readonly ChoiceLabel[], graph: StepGraph) {
  const pools = [labels.filter(({ choice }) => choice > 0), labels.filter(({ choice }) => choice === 0)];
  const [batch] = graph.image as [number];
  const size = recipe.inputSize;
  const into = {
    images: new Float32Array(graph.image.reduce((a, b) => a * b, 1)),
    truth: new Uint8Array(batch * size * size),
  };
  const choices = new Uint8Array(batch);
  // A turned or magnified window shows other pixels than the one whose label was measured.
  const plan = { ...recipe.sampling, warp: 0 };
  const pick = (random: Random) => {
    const wanted = random.uniform() < recipe.decisionTraining.tumourWindows ? 0 : 1;
    const pool = pools[wanted]!.length > 0 ? pools[wanted]! : pools[1 - wanted]!;
    return pool[random.integer(pool.length)]!;
  };
  return (step: number) => {
    const random = createRandom(deriveSeed(recipe.seed, STREAM.decisionBatch, step));
    for (let item = 0; item < batch; item++) {
      const { case: index, slice, x, y, choice } = pick(random);
      const augmentation = drawAugmentation(plan, random, dataset.channels.length);
      copyCrop(training[index]!, { slice, x, y, size, ...augmentation }, { into, item });
      choices[item] = choice;
    }
    return { image: into.images, targets: choices };
  };
}
