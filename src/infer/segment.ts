/** @file `segmentCase`, the one way to segment. */

import type { Bank } from "../danet/bank.ts";
import { type RoutingFlops, routingFlops } from "../danet/cost.ts";
import type { Choice, Decision } from "../danet/decision.ts";
import { activationRatio } from "../danet/routing.ts";
import type { Progress } from "../platform.ts";
import { labelPixels } from "./assemble.ts";
import { type Curve, costsInFlops, routeCase } from "./budget.ts";
import { countWindows, decidePass, listChunks, type Pass, runPass } from "./passes.ts";
import { CHUNK, makePlan, type Plan, type PlanOptions, type PreparedImage } from "./plan.ts";
import { postprocess } from "./postprocess.ts";

export interface SegmentOptions extends PlanOptions {
  /** Do what the bank says of post-processing; default: true. */
  readonly postprocess?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

interface WindowDecision {
  readonly slice: number;
  /** Index in rows-first order; 0 in the full setting. */
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
  /** Of the unmirrored pass: one a window, slice by slice. */
  readonly decisions: readonly WindowDecision[];
  /** Share of the windows that each action gets: { skip: 0.6, M1: 0.2, ... }. */
  readonly activation: Readonly<Record<string, number>>;
  /** Of the unmirrored pass, as the authors count. */
  readonly flops: RoutingFlops;
  /** Absent where the policy is forced, and from a bank without `expectedDice`. */
  readonly curve?: Curve;
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
  const { decided, curve } = await decideCase(plan, options);
  const passes = plan.flips.map((flip, i) => ({ flip, choices: decided[i].map(({ choice }) => choice) }));
  const classes = await runCase(plan, passes, options);
  const windows = countWindows(plan);
  const decisions = decided[0].map((decision, i) => ({
    ...{ slice: Math.floor(i / windows), window: i % windows },
    ...decision,
  }));
  const { postprocess: rules } = bank;
  const cleaned =
    rules && options.postprocess !== false ? postprocess(classes, image.size, { ...bank, rules }) : undefined;
  return {
    classes: cleaned?.classes ?? classes,
    ...(cleaned && { postprocess: cleaned.changed }),
    ...{ decisions, ...describeRouting(plan, decisions) },
    ...(curve && { curve }),
    seconds: plan.stopwatch.seconds(),
  };
}

/** A decision, or the choice of a forced policy. */
type WindowChoice = Decision | { readonly choice: Choice };

/** Of every window of each mirror, routed to the target; the curve where the bank knows what its actions are worth. */
async function decideCase(
  plan: Plan,
  { onProgress, target, costs }: SegmentOptions,
): Promise<{ decided: readonly (readonly WindowChoice[])[]; curve?: Curve }> {
  const depth = plan.image.size[2];
  const { forced, flips, bank, empty } = plan;
  if (forced !== null) {
    const choices = new Array<WindowChoice>(depth * countWindows(plan)).fill({ choice: forced });
    return { decided: flips.map(() => choices) };
  }
  const decided: Decision[][] = [];
  for (const flip of flips) {
    const report = (done: number) =>
      onProgress?.({ stage: "decisions", done: decided.length * depth + done, total: flips.length * depth });
    decided.push(await decidePass(plan, flip, ({ first }) => report(first)));
  }
  if (bank.expectedDice === undefined) return { decided };
  const runs = decided[0].length - empty.reused;
  return routeCase(decided, bank, { target, costs: costs ?? costsInFlops(bank), runs });
}

/** The class of every voxel. */
async function runCase(plan: Plan, passes: readonly Pass[], { onProgress }: SegmentOptions): Promise<Uint8Array> {
  const { image, bank } = plan;
  const [width, height, depth] = image.size;
  const [area, windows] = [width * height, countWindows(plan)];
  const classes = new Uint8Array(area * depth);
  const allSums = new Float32Array(Math.min(CHUNK, depth) * bank.labels.length * area);
  for (const { first, end } of listChunks(plan)) {
    onProgress?.({ stage: "slices", done: first, total: depth });
    const sums = allSums.subarray(0, (end - first) * bank.labels.length * area).fill(0);
    for (const pass of passes) await runPass(plan, { first, end }, { ...pass, sums });
    for (let z = first; z < end; z++) {
      const row = z * windows;
      if (passes.every(({ choices }) => choices.slice(row, row + windows).every((choice) => choice === 0))) continue;
      const slot = (z - first) * bank.labels.length * area;
      labelPixels(sums.subarray(slot, slot + bank.labels.length * area), classes.subarray(z * area, (z + 1) * area));
    }
  }
  onProgress?.({ stage: "slices", done: depth, total: depth });
  return classes;
}

function describeRouting({ bank, forced, empty }: Plan, decisions: readonly WindowDecision[]) {
  const choices = decisions.map(({ choice }) => choice);
  const actions = ["skip", ...bank.candidates.map(({ id }) => id)];
  const ratio = activationRatio(choices, actions.length);
  return {
    activation: Object.fromEntries(actions.map((action, i) => [action, ratio[i]])),
    flops: routingFlops(choices, forced === null ? choices.length - empty.reused : 0, bank),
  };
}
