/** @file A recipe: every number that decides a training. It is checked, changed with `--set`, and kept with what it made. */

import { z } from "zod";
import { postprocessing } from "../danet/bank.ts";
import { UserError } from "../error.ts";

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const whole = z.number().int().positive();
const config = z.record(z.string(), z.union([z.number(), z.array(z.number())]));

/** Of a training of either kind. */
const length = {
  epochs: whole,
  stepsPerEpoch: whole,
  batch: whole,
  learningRate: positive,
  weightDecay: z.number().min(0),
};

export const recipeSchema = z.strictObject({
  dataset: z.string(),
  seed: z.number().int().nonnegative(),
  /** `window`: crops in training, overlapping windows in use (Setting 1); `full`: whole slices (Setting 2). */
  setting: z.enum(["window", "full"]),
  /** Of every network's input, on each of its axes. */
  inputSize: whole,
  /** Step between windows, on each axis of the input. */
  stride: whole,
  candidates: z
    .array(
      z.strictObject({
        id: z.string(),
        network: z.string(),
        config,
        /** Share of the epochs that this candidate trains: the paper's small ones stop at 300 of 400. */
        trainedShare: z.number().gt(0).max(1),
        /** It begins at this share of the epochs, with the weights that an earlier candidate has then and that fit. */
        grow: z.strictObject({ from: z.string(), at: share }).exactOptional(),
      }),
    )
    .min(1),
  /** Absent: a bank of candidates alone; `choice`, `labels` and `decisionTraining` are then not used. */
  decision: z.strictObject({ id: z.string(), network: z.string(), config }).exactOptional(),
  bank: z.strictObject({
    ...length,
    /** What Eq. 6 sums over: the classes but for the background, as the paper, or the dataset's regions, which are measured. */
    diceOf: z.enum(["classes", "regions"]).default("classes"),
    /** Weight of missed pixels in Eq. 6, 0..1; 0.5 is the paper's. */
    diceBeta: share.default(0.5),
    /** Weight of the cross-entropy beside the Dice loss; the paper has none. */
    crossEntropyWeight: z.number().min(0),
    warmupEpochs: z.number().min(0),
    /** Epochs between two looks at the validation cases. */
    validateEvery: whole,
    /** Training cases kept aside to choose each candidate's best weights by; with 0 the last weights are kept. */
    selectionCases: z.number().int().min(0),
  }),
  /** How crops are drawn and changed: `SamplePlan`. */
  sampling: z.strictObject({
    tumourSlices: share,
    tumourCrops: share,
    jitter: z.number().int().min(0),
    flip: share,
    warp: share,
    rotate: z.number().min(0).max(180),
    zoom: z.number().min(0),
    scale: share,
    shift: z.number().min(0),
    gamma: z.number().min(0),
    brainOnly: z.boolean(),
  }),
  /** Eq. 4. */
  choice: z.strictObject({
    alpha: z.number().min(0),
    softmaxDice: z.boolean(),
    softmaxFlops: z.boolean(),
    /** F: FLOPs in G, or time on the machine that trains. */
    cost: z.enum(["flops", "time"]),
  }),
  labels: z.strictObject({
    /** Every so many slices of a training case give windows for the decision network. */
    everySlice: whole,
  }),
  decisionTraining: z.strictObject({
    ...length,
    /** Share of the windows drawn that hold a tumour. */
    tumourWindows: share,
    /** Eq. 7: weight of skip and of each candidate. */
    classWeights: z.array(positive),
  }),
  /** Goes into the bank as it is; choose it by `med-danet postprocess` on cases that the bank did not learn from. */
  postprocess: postprocessing.exactOptional(),
  /** How weights of two and more dimensions lie in the bank: as they are, or as 8-bit integers with a scale a channel. */
  storage: z.enum(["float32", "int8"]),
});

export type Recipe = z.infer<typeof recipeSchema>;

/**
 * Applies `key=value` settings ("bank.epochs=2", "candidates.0.config.base=8"). A key must exist already and the value
 * must fit it; anything else is a `UserError` that names what is there.
 */
export function applySettings(recipe: Recipe, settings: readonly string[]): Recipe {
  const changed = structuredClone(recipe);
  for (const setting of settings) {
    const [key, text] = splitSetting(setting);
    const path = key.split(".");
    const last = path.pop()!;
    let at: unknown = changed;
    for (const part of path) at = child(at, part, setting);
    child(at, last, setting);
    (at as Record<string, unknown>)[last] = parseValue(text);
  }
  const parsed = recipeSchema.safeParse(changed);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`recipe: ${issue.path.join(".")}: ${issue.message}`);
  }
  return checkRecipe(parsed.data);
}

function splitSetting(setting: string): [string, string] {
  const at = setting.indexOf("=");
  if (at < 1) throw new UserError(`--set expects key=value such as bank.epochs=2, got "${setting}"`);
  return [setting.slice(0, at), setting.slice(at + 1)];
}

function child(parent: unknown, key: string, setting: string): unknown {
  if (typeof parent === "object" && parent !== null && Object.hasOwn(parent, key))
    return (parent as Record<string, unknown>)[key];
  const known = typeof parent === "object" && parent !== null ? Object.keys(parent).join(", ") : "nothing";
  throw new UserError(`--set ${setting}: the recipe has no "${key}" there; it has: ${known}`);
}

/** JSON where the text is JSON (numbers, true, lists), else the text itself. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Relations that the schema cannot say. */
export function checkRecipe(recipe: Recipe): Recipe {
  const actions = recipe.candidates.length + 1;
  const weights = recipe.decisionTraining.classWeights.length;
  if (recipe.decision && weights !== actions)
    throw new UserError(
      `recipe: decisionTraining.classWeights needs one weight for skip and each candidate, ${actions}, got ${weights}`,
    );
  for (const [index, { id, grow, trainedShare }] of recipe.candidates.entries()) {
    if (grow === undefined) continue;
    const earlier = recipe.candidates.slice(0, index).map((one) => one.id);
    if (!earlier.includes(grow.from))
      throw new UserError(
        `recipe: ${id} must grow from an earlier candidate (${earlier.join(", ") || "none"}), got "${grow.from}"`,
      );
    if (grow.at >= trainedShare)
      throw new UserError(`recipe: ${id} must begin before it ends at ${trainedShare} of the epochs, got ${grow.at}`);
  }
  return recipe;
}
