/** @file `segmentCase`, the one way to segment. */

import type { Bank } from "../danet/bank.ts";
import { type RoutingFlops, routingFlops } from "../danet/cost.ts";
import type { Choice } from "../danet/decision.ts";
import { activationRatio } from "../danet/routing.ts";
import type { Progress } from "../platform.ts";
import { labelPixels } from "./assemble.ts";
import { runPass, type WindowChoice } from "./passes.ts";
import { CHUNK, makePlan, type Plan, type PlanOptions, type PreparedImage } from "./plan.ts";

export interface SegmentOptions extends PlanOptions {
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
  /** Class of each voxel, x fastest. */
  readonly classes: Uint8Array;
  /** Of the unmirrored pass: one a window, slice by slice. */
  readonly decisions: readonly WindowDecision[];
  /** Share of the windows that each action gets: { skip: 0.6, M1: 0.2, ... }. */
  readonly activation: Readonly<Record<string, number>>;
  /** Of the unmirrored pass, as the authors count. */
  readonly flops: RoutingFlops;
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
  const [width, height, depth] = image.size;
  const area = width * height;
  const classes = new Uint8Array(area * depth);
  const decisions: WindowDecision[] = [];
  const allSums = new Float32Array(Math.min(CHUNK, depth) * bank.labels.length * area);
  for (let first = 0; first < depth; first += CHUNK) {
    const end = Math.min(first + CHUNK, depth);
    options.onProgress?.({ stage: "slices", done: first, total: depth });
    const sums = allSums.subarray(0, (end - first) * bank.labels.length * area).fill(0);
    const choices: WindowChoice[][] = [];
    for (const flip of plan.flips) choices.push(await runPass(plan, { first, end, sums }, flip));
    const windows = choices[0].length / (end - first);
    choices[0].forEach((choice, i) => {
      decisions.push({ slice: first + Math.floor(i / windows), window: i % windows, ...choice });
    });
    for (let z = first; z < end; z++) {
      const row = (z - first) * windows;
      if (choices.every((pass) => pass.slice(row, row + windows).every(({ choice }) => choice === 0))) continue;
      const slot = (z - first) * bank.labels.length * area;
      labelPixels(sums.subarray(slot, slot + bank.labels.length * area), classes.subarray(z * area, (z + 1) * area));
    }
  }
  options.onProgress?.({ stage: "slices", done: depth, total: depth });
  return { classes, decisions, ...describeRouting(plan, decisions), seconds: plan.stopwatch.seconds() };
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
