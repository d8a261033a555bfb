/** @file `segmentCase`, the one way to segment. */

import type { Bank } from "../danet/bank.ts";
import { type RoutingFlops, routingFlops } from "../danet/cost.ts";
import type { Choice, Decision } from "../danet/decision.ts";
import { activationRatio } from "../danet/routing.ts";
import type { Progress } from "../platform.ts";
import { labelPixels, writeProbabilities } from "./assemble.ts";
import { type Curve, costsInFlops, routeCase } from "./budget.ts";
import { type DeepModel, isDeep, placeCubes, sumCubes } from "./cubes.ts";
import { countWindows, decidePass, listChunks, type Pass, runPass } from "./passes.ts";
import { CHUNK, makePlan, type Plan, type PlanOptions, type PreparedImage } from "./plan.ts";
import { postprocess } from "./postprocess.ts";

export interface SegmentOptions extends PlanOptions {
  /** Do what the bank says of post-processing; default: true. */
  readonly postprocess?: boolean;
  /** Keep the probabilities: K - 1 more volumes of float32. Leaves `previous` unused. */
  readonly probabilities?: boolean;
  /**
   * Of an earlier segmentation of the same image with the same bank and setting: with the same mirrors its decisions are
   * routed anew instead of asked for, and slices whose choices stay are not run again. The result is the same.
   */
  readonly previous?: Trace | undefined;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a later segmentation can take over. */
export interface Trace {
  /** Mirror -> window -> the decision network's argmax; absent where the policy was forced. */
  readonly decided: readonly (readonly Decision[])[] | undefined;
  /** Runs of the decision network in the unmirrored pass. */
  readonly runs: number;
  /** Mirror -> window -> what was run. */
  readonly choices: readonly (readonly Choice[])[];
  /** Before post-processing. */
  readonly classes: Uint8Array;
}

export interface WindowDecision {
  readonly slice: number;
  /** Index in rows-first order among those of the slice; 0 in the full setting. */
  readonly window: number;
  /** 0 skips; k runs `candidates[k - 1]`. */
  readonly choice: Choice;
  /** One a choice; absent when the policy is forced. */
  readonly probabilities?: readonly number[];
}

export interface Segmentation {
  /** Class of each voxel, x fastest, after the bank's post-processing. */
  readonly classes: Uint8Array;
  /** Voxels that each step of post-processing changed; absent where there was none. */
  readonly postprocess?: Readonly<Record<string, number>>;
  /** Of the unmirrored pass: one a window, slice by slice; of a network in three dimensions one a cube, by its first slice. */
  readonly decisions: readonly WindowDecision[];
  /** Share of the windows that each action gets: { skip: 0.6, M1: 0.2, ... }. */
  readonly activation: Readonly<Record<string, number>>;
  /** Of the unmirrored pass, as the authors count. */
  readonly flops: RoutingFlops;
  /** Absent where the policy is forced, and from a bank without `expectedDice`. */
  readonly curve?: Curve;
  readonly trace: Trace;
  /** Of the classes 1, 2, ..., one volume each: means over windows and mirrors, before post-processing. */
  readonly probabilities?: readonly Float32Array[];
  /** Wall time: "load", "decision", each candidate that ran, "other" (all outside ONNX Runtime), "total". */
  readonly seconds: Readonly<Record<string, number>>;
}

/**
 * Segments one case: Eq. 1 for every window (or slice, in the full setting), windows and mirrors averaged as
 * docs/method.md gives it. Memory does not grow with the number of windows. Throws `UserError` for an unknown
 * policy, a setting the bank does not allow and a model that does not fit, and the signal's reason when it is aborted.
 */
export async function segmentCase(image: PreparedImage, bank: Bank, options: SegmentOptions): Promise<Segmentation> {
  const plan = makePlan(image, bank, options);
  const forced = plan.forced === null ? undefined : bank.candidates[plan.forced - 1];
  const { decisions, runs, curve, trace, probabilities } =
    forced && isDeep(forced) ? await segmentCubes(plan, forced, options) : await segmentSlices(plan, options);
  const { classes } = trace;
  const { postprocess: rules } = bank;
  const cleaned =
    rules && options.postprocess !== false ? postprocess(classes, image.size, { ...bank, rules }) : undefined;
  return {
    classes: cleaned?.classes ?? classes,
    ...(cleaned && { postprocess: cleaned.changed }),
    ...{ decisions, ...describeRouting(plan, decisions, runs) },
    ...(curve && { curve }),
    trace,
    ...(probabilities && { probabilities }),
    seconds: plan.stopwatch.seconds(),
  };
}

/** What a path over the case gives. */
interface PathResult extends Pick<Segmentation, "decisions" | "curve" | "trace" | "probabilities"> {
  /** Of the decision network in the unmirrored pass. */
  readonly runs: number;
}

async function segmentSlices(plan: Plan, options: SegmentOptions): Promise<PathResult> {
  const { decided, curve, asked, runs } = await decideCase(plan, options);
  const passes = plan.flips.map((flip, i) => ({ flip, choices: decided[i].map(({ choice }) => choice) }));
  const { classes, probabilities } = await runCase(plan, passes, options);
  const windows = countWindows(plan);
  const decisions = decided[0].map((decision, i) => ({
    ...{ slice: Math.floor(i / windows), window: i % windows },
    ...decision,
  }));
  const trace = { decided: asked, runs, choices: passes.map(({ choices }) => choices), classes };
  return { decisions, runs, trace, ...(curve && { curve }), ...(probabilities && { probabilities }) };
}

/** A network in three dimensions: every cube is an input of it, and nothing decides. */
async function segmentCubes(plan: Plan, model: DeepModel, options: SegmentOptions): Promise<PathResult> {
  const { image, bank, forced } = plan;
  const cubes = placeCubes(plan, model);
  const sums = await sumCubes(plan, model, { cubes, onProgress: options.onProgress });
  const classes = new Uint8Array(image.channels[0].length);
  labelPixels(sums, classes);
  const probabilities = options.probabilities
    ? bank.labels.slice(1).map(() => new Float32Array(classes.length))
    : undefined;
  if (probabilities) writeProbabilities(sums, probabilities);
  const decisions = cubes.map(({ start, window }) => ({ slice: start[2], window, choice: forced! }));
  const trace = { decided: undefined, runs: 0, choices: [decisions.map(({ choice }) => choice)], classes };
  return { decisions, runs: 0, trace, ...(probabilities && { probabilities }) };
}

/** A decision, or the choice of a forced policy. */
type WindowChoice = Decision | { readonly choice: Choice };

interface DecidedCase extends Pick<Trace, "runs"> {
  /** Mirror -> window, routed to the target. */
  readonly decided: readonly (readonly WindowChoice[])[];
  readonly asked: Trace["decided"];
  /** Where the bank knows what its actions are worth. */
  readonly curve?: Curve;
}

async function decideCase(plan: Plan, { previous, target, costs, onProgress }: SegmentOptions): Promise<DecidedCase> {
  const { forced, flips, bank } = plan;
  if (forced !== null) {
    const choices = new Array<WindowChoice>(plan.image.size[2] * countWindows(plan)).fill({ choice: forced });
    return { decided: flips.map(() => choices), asked: undefined, runs: 0 };
  }
  const kept = previous?.decided?.length === flips.length ? previous.decided : undefined;
  const asked = kept ?? (await askCase(plan, onProgress));
  const runs = kept ? previous!.runs : asked[0].length - plan.empty.reused;
  if (bank.expectedDice === undefined) return { decided: asked, asked, runs };
  return { ...routeCase(asked, bank, { target, costs: costs ?? costsInFlops(bank), runs }), asked, runs };
}

/** The decision network's answer for every window of each mirror. */
async function askCase(plan: Plan, onProgress: SegmentOptions["onProgress"]): Promise<Decision[][]> {
  const { flips, image } = plan;
  const depth = image.size[2];
  const decided: Decision[][] = [];
  for (const flip of flips) {
    const report = (done: number) =>
      onProgress?.({ stage: "decisions", done: decided.length * depth + done, total: flips.length * depth });
    decided.push(await decidePass(plan, flip, ({ first }) => report(first)));
  }
  return decided;
}

/** The class of every voxel, and the probabilities where they are kept. */
async function runCase(plan: Plan, all: readonly Pass[], options: SegmentOptions) {
  const { onProgress } = options;
  const previous = options.probabilities ? undefined : options.previous;
  const { image, bank } = plan;
  const [width, height, depth] = image.size;
  const [area, windows] = [width * height, countWindows(plan)];
  const classes = new Uint8Array(area * depth);
  const probabilities = options.probabilities
    ? bank.labels.slice(1).map(() => new Float32Array(area * depth))
    : undefined;
  const stays = findUnchanged(all, previous, windows);
  const passes = all.map((pass) => ({
    ...pass,
    choices: pass.choices.map((choice, i) => (stays[Math.floor(i / windows)] ? 0 : choice)),
  }));
  const isSkipped = Array.from({ length: depth }, (_, z) =>
    passes.every(({ choices }) => choices.slice(z * windows, (z + 1) * windows).every((choice) => choice === 0)),
  );
  const allSums = new Float32Array(Math.min(CHUNK, depth) * bank.labels.length * area);
  for (const { first, end } of listChunks(plan)) {
    onProgress?.({ stage: "slices", done: first, total: depth });
    const volume = bank.labels.length * area;
    const sums = allSums.subarray(0, (end - first) * volume);
    for (let i = 0; i < end - first; i++) if (!isSkipped[first + i]) sums.fill(0, i * volume, (i + 1) * volume);
    for (const pass of passes) await runPass(plan, { first, end }, { ...pass, sums });
    for (let z = first; z < end; z++) {
      if (stays[z]) classes.set(previous!.classes.subarray(z * area, (z + 1) * area), z * area);
      if (isSkipped[z]) continue;
      const own = sums.subarray((z - first) * volume, (z - first + 1) * volume);
      labelPixels(own, classes.subarray(z * area, (z + 1) * area));
      const kept = probabilities?.map((volume) => volume.subarray(z * area, (z + 1) * area));
      if (kept) writeProbabilities(own, kept);
    }
  }
  onProgress?.({ stage: "slices", done: depth, total: depth });
  return { classes, probabilities };
}

/** Slice -> whether all its windows get in every mirror what they had. */
function findUnchanged(passes: readonly Pass[], previous: Trace | undefined, windows: number): readonly boolean[] {
  const depth = passes[0].choices.length / windows;
  if (previous?.choices.length !== passes.length) return new Array<boolean>(depth).fill(false);
  const isSame = (i: number) => passes.every(({ choices }, mirror) => choices[i] === previous.choices[mirror][i]);
  return Array.from({ length: depth }, (_, z) =>
    Array.from({ length: windows }, (_, w) => z * windows + w).every(isSame),
  );
}

function describeRouting({ bank }: Plan, decisions: readonly WindowDecision[], runs: number) {
  const choices = decisions.map(({ choice }) => choice);
  const actions = ["skip", ...bank.candidates.map(({ id }) => id)];
  const ratio = activationRatio(choices, actions.length);
  return {
    activation: Object.fromEntries(actions.map((action, i) => [action, ratio[i]])),
    flops: routingFlops(choices, runs, bank),
  };
}
