/** @file `--max-minutes`: how many epochs of the bank fit into a time, from one timed step of everything that will run. */

import { poolSlices } from "../data/sampler.ts";
import { UserError } from "../error.ts";
import { count } from "../graph/value.ts";
import type { NetworkSpec } from "../nets/network.ts";
import { createRandom } from "../random.ts";
import { windowStarts } from "../volume/slice.ts";
import { BACKGROUND } from "./expected-dice.ts";
import { weightsOf } from "./export.ts";
import { modelOf, predictCrops } from "./predict.ts";
import type { Recipe } from "./recipe.ts";
import { candidateSpecs, decisionSpec, type TrainRun } from "./run.ts";
import { buildStep, createStepper, initialState } from "./step.ts";
import { validationCrops } from "./validate.ts";

const PATH = "checkpoints/plan.json";
/** Part of the time that is planned for: other programs want some of the machine. */
const PLANNED = 0.95;

/** Crops of the timed forward pass. */
const FORWARD = 16;

/** Seconds of one training step, and of the forward pass of one input. */
export interface Pace {
  readonly step: number;
  readonly forward: number;
}

/** The run with as many bank epochs as fit. The plan of the first start is kept, so that a resumed run follows it. */
export async function fitToMinutes(run: TrainRun, minutes: number | undefined): Promise<TrainRun> {
  const withEpochs = (epochs: number): TrainRun => ({
    ...run,
    recipe: { ...run.recipe, bank: { ...run.recipe.bank, epochs } },
  });
  if ((await run.out.list()).includes(PATH)) {
    const { epochs } = JSON.parse(new TextDecoder().decode(await run.out.read(PATH))) as { epochs: number };
    return withEpochs(epochs);
  }
  if (minutes === undefined) return run;
  const started = performance.now();
  const { recipe } = run;
  const specs = Object.values(candidateSpecs(run));
  const total = specs.length + (recipe.decision ? 1 : 0);
  const report = (done: number) => run.onProgress?.({ stage: "timing the steps", done, total, share: 0 });
  const candidates: Pace[] = [];
  for (const [done, spec] of specs.entries()) {
    report(done);
    candidates.push(await measurePace(run, spec, recipe.bank.batch));
  }
  if (recipe.decision) report(specs.length);
  const decision = recipe.decision && (await measurePace(run, decisionSpec(run), recipe.decisionTraining.batch));
  const crops = validationCrops(run, run.validation).length;
  const epochs = countEpochs(recipe, {
    seconds: minutes * 60 * PLANNED - (performance.now() - started) / 1000,
    candidates,
    decision,
    crops,
    windows: decision ? BACKGROUND + countWindows(run, run.training) + countWindows(run, run.validation) : 0,
  });
  if (epochs < 1)
    throw new UserError(
      `--max-minutes ${minutes} must leave time for one epoch of the bank${decision ? " beside labels and decision network" : ""}; give more${decision ? ", or lower decisionTraining.epochs" : ""}`,
    );
  await run.out.write(PATH, new TextEncoder().encode(JSON.stringify({ epochs, minutes, candidates, decision })));
  return withEpochs(epochs);
}

/**
 * Whole epochs of the bank that fit into `seconds` beside choice labels (`windows` inputs of every candidate) and the
 * decision network; a look at the validation cases costs `crops` inputs of every candidate.
 */
export function countEpochs(
  { candidates: entries, bank, decisionTraining }: Pick<Recipe, "candidates" | "bank" | "decisionTraining">,
  cost: { seconds: number; candidates: readonly Pace[]; decision: Pace | undefined; crops: number; windows: number },
): number {
  const forward = cost.candidates.reduce((sum, pace) => sum + pace.forward, 0);
  const decisionSteps = decisionTraining.epochs * decisionTraining.stepsPerEpoch;
  const after = cost.windows * forward + decisionSteps * (cost.decision?.step ?? 0);
  const shares = entries.map(({ trainedShare, grow }) => trainedShare - (grow?.at ?? 0));
  const step = cost.candidates.reduce((sum, pace, i) => sum + pace.step * shares[i]!, 0);
  const look = (cost.crops * forward) / bank.validateEvery;
  return Math.floor((cost.seconds - after) / (bank.stepsPerEpoch * step + look));
}

/** A step of the faster of two runs of two steps after a first run, which fills new memory, and a forward pass of a crop. */
async function measurePace(run: TrainRun, spec: NetworkSpec, batch: number): Promise<Pace> {
  const graph = buildStep(spec, { batch, weightDecay: 0, lossScale: 1 });
  const state = initialState(graph.plan, 0);
  const stepper = await createStepper(run.runtime, graph, state);
  const random = createRandom(0);
  const image = Float32Array.from({ length: count(graph.image) }, () => random.uniform());
  const targets = Uint8Array.from({ length: count(graph.targets) }, () => random.integer(spec.outputs));
  const drawn = { image, targets, learningRate: 0, random };
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push((await secondsOf(() => stepper.take([drawn, drawn]))) / 2);
  const step = Math.min(...times.slice(1));
  await stepper.release();
  if (spec.network.task !== "segment") return { step, forward: 0 };
  const crops = validationCrops(run, run.training.slice(0, 1)).slice(0, FORWARD);
  const model = modelOf(run.runtime, spec, weightsOf(graph.plan, state));
  const forward = (await secondsOf(() => predictCrops(model, crops, () => {}))) / crops.length;
  return { step, forward };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Windows that the candidates will run on for the choice labels of cases: those that meet the box of a tumour. */
function countWindows({ recipe }: TrainRun, cases: TrainRun["training"]): number {
  const { inputSize, stride, labels } = recipe;
  const slices = poolSlices(cases).tumour.filter(({ slice }) => slice % labels.everySlice === 0);
  return slices.reduce((sum, { source, tumour }) => {
    const meet = (axis: 0 | 1) =>
      windowStarts(source.size[axis], inputSize, stride).filter(
        (start) => start < tumour!.end[axis] && start + inputSize > tumour!.start[axis],
      ).length;
    return sum + meet(0) * meet(1);
  }, 0);
}
