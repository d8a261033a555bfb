/** @file What stays the same while one case is segmented: checked once, before any network runs. */

import { type Bank, type BankModel, decisionOf } from "../danet/bank.ts";
import type { Target } from "../danet/budget.ts";
import type { Choice, Decision } from "../danet/decision.ts";
import { UserError } from "../error.ts";
import type { Vec3 } from "../volume/grid.ts";
import type { Window } from "../volume/slice.ts";
import { type Costs, requireExpectedDice } from "./budget.ts";
import type { Networks } from "./networks.ts";
import { createStopwatch, type Stopwatch } from "./stopwatch.ts";
import { type Flip, placeWindows, weighPixels } from "./window.ts";

/** A case in the bank's frame: normalized channels in the bank's order, x fastest. */
export interface PreparedImage {
  readonly size: Vec3;
  readonly channels: readonly Float32Array[];
}

export interface PlanOptions {
  readonly networks: Networks;
  /** "dynamic" (default), or the id of a candidate that every window then gets; the decision network does not run. */
  readonly policy?: string;
  /** Default: the bank's. `full` needs an input as large as the slice. */
  readonly setting?: Bank["setting"];
  /** Average over the four mirrors of each slice; the decision network decides anew in each. */
  readonly flips?: boolean;
  /** Route by expected Dice and cost instead of the decision network's argmax; needs a bank with `expectedDice`. */
  readonly target?: Target | undefined;
  /** What a budget and the curve count in; default: FLOPs. */
  readonly costs?: Costs | undefined;
  /** Images of one run of a network. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Plan {
  readonly image: PreparedImage;
  readonly bank: Bank;
  readonly networks: Networks;
  readonly stopwatch: Stopwatch;
  /** The action of every window, or null where the decision network decides. */
  readonly forced: Choice | null;
  /** Of a slice; null in the full setting, where the slice is the input. */
  readonly windows: readonly Window[] | null;
  /** Of each pixel of a slice, [height, width]; null in one pass, where it would scale all classes of a pixel alike. */
  readonly weights: Float32Array | null;
  readonly flips: readonly Flip[];
  readonly batch: number;
  /** [batch, C, H, W], filled anew for each run. */
  readonly input: Float32Array;
  /** [CHUNK, C, height, width], filled anew for each chunk of a mirror. */
  readonly mirrored: Float32Array;
  /** What the decision network said of an image of zeros, and how many windows of the unmirrored pass reused it. */
  readonly empty: { decision?: Decision; reused: number };
  readonly signal: AbortSignal | undefined;
}

/** Slices in flight. Only they are held (15 MB each for images and sums of 240x240); more would fill batches a little better. */
export const CHUNK = 16;

/** The name of the policy that asks the decision network. */
export const DYNAMIC = "dynamic";

const ONE_PASS: readonly Flip[] = [{ x: false, y: false }];
const FOUR_PASSES: readonly Flip[] = [...ONE_PASS, { x: false, y: true }, { x: true, y: false }, { x: true, y: true }];

/** Throws `UserError` for an unknown policy and for a setting that the bank does not allow. */
export function makePlan(image: PreparedImage, bank: Bank, options: PlanOptions): Plan {
  const { networks, setting = bank.setting, flips = false, batch = 8, signal } = options;
  const [width, height] = image.size;
  const [frameWidth, frameHeight] = bank.frame.sliceSize;
  if (width !== frameWidth || height !== frameHeight || image.channels.length !== bank.channels.length)
    throw new Error(`makePlan: the image must be in the bank's frame, got ${image.channels.length} x [${image.size}]`);
  checkSetting(setting, bank);
  checkTarget(options, bank);
  const [h, w] = bank.inputSize;
  const windows = setting === "full" ? null : placeWindows({ width, height }, { size: h, stride: bank.stride });
  return {
    ...{ image, bank, networks, batch, signal, windows },
    stopwatch: createStopwatch(),
    forced: forcedChoice(options.policy, bank),
    weights: windows && flips ? weighPixels({ width, height }, windows) : null,
    flips: flips ? FOUR_PASSES : ONE_PASS,
    input: new Float32Array(batch * bank.channels.length * h * w),
    mirrored: new Float32Array(flips ? Math.min(CHUNK, image.size[2]) * bank.channels.length * width * height : 0),
    empty: { reused: 0 },
  };
}

/** Throws `UserError` when the bank's networks cannot run so: their input size is fixed. */
export function checkSetting(setting: Bank["setting"], { inputSize: [h, w], frame, folder }: Bank): void {
  const [width, height] = frame.sliceSize;
  const found = `${folder.name} has inputs of ${h}x${w} and slices of ${height}x${width}`;
  if (setting === "full" && (h !== height || w !== width))
    throw new UserError(`setting full needs a bank whose input is the whole slice; ${found}; use --setting window`);
  if (setting === "window" && h !== w)
    throw new UserError(`setting window needs a bank with a square input; ${found}; use --setting full`);
}

/** Ways to say what a case may cost. */
export interface RoutingValues {
  /** GFLOPs a case, or seconds where `cost` is time. */
  readonly budget?: number | undefined;
  readonly effort?: number | undefined;
  readonly cost: "flops" | "time";
}

/** Undefined without budget and effort. Throws `UserError` for both, and for a bank or policy that cannot route by time. */
export function targetOf({ budget, effort, cost }: RoutingValues, bank: Bank, policy: string): Target | undefined {
  if (cost === "time" && policy !== DYNAMIC)
    throw new UserError(
      `--cost time needs --policy ${DYNAMIC}, found ${policy}: a forced network is not chosen by cost`,
    );
  if (cost === "time") requireExpectedDice(bank);
  if (effort !== undefined && budget !== undefined)
    throw new UserError(`--budget and --effort are two ways to say one thing: give one, found ${budget} and ${effort}`);
  if (effort !== undefined) return { effort };
  if (budget !== undefined) return { budget: cost === "time" ? 1000 * budget : budget };
  return undefined;
}

/** Throws `UserError` when no decision could be routed to the target. */
export function checkTarget({ target, policy = DYNAMIC }: Pick<PlanOptions, "target" | "policy">, bank: Bank): void {
  if (target === undefined) return;
  if (policy !== DYNAMIC)
    throw new UserError(`--budget and --effort choose among the networks: leave out --policy, found ${policy}`);
  requireExpectedDice(bank);
}

/**
 * The policy by its name in reports. Without a decision network "dynamic" is the one candidate. Throws `UserError` for a
 * name that is not known, and where several candidates have no decision network.
 */
export function choosePolicy(policy: string = DYNAMIC, { candidates, decision, folder }: Bank): string {
  if (policy !== DYNAMIC) return candidates[choiceOf(policy, { candidates }) - 1].id;
  if (decision) return DYNAMIC;
  if (candidates.length === 1) return candidates[0].id;
  const known = candidates.map(({ id }) => id).join(", ");
  throw new UserError(`${folder.name} has no decision network: choose one of its candidates as the policy: ${known}`);
}

/** What a case will run: the forced candidate, or all networks but the largest, which is seldom chosen and slow to load. */
export function likelyModels(bank: Bank, policy: string): readonly BankModel[] {
  const chosen = choosePolicy(policy, bank);
  if (chosen === DYNAMIC) return [decisionOf(bank), ...bank.candidates.slice(0, -1)];
  return bank.candidates.filter(({ id }) => id === chosen);
}

/** The action of every window, or null where the decision network decides. */
export function forcedChoice(policy: string | undefined, bank: Bank): Choice | null {
  const chosen = choosePolicy(policy, bank);
  return chosen === DYNAMIC ? null : choiceOf(chosen, bank);
}

/** The action that a forced policy stands for. */
export function choiceOf(policy: string, { candidates }: { candidates: readonly BankModel[] }): Choice {
  const index = candidates.findIndex(({ id }) => id === policy);
  if (index >= 0) return index + 1;
  const known = [DYNAMIC, ...candidates.map(({ id }) => id)].join(", ");
  throw new UserError(`policy "${policy}" is not known; known are: ${known}`);
}
