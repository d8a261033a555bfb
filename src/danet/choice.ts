/** @file The choice metric: which action a slice should have had. It labels the slices the decision network learns from. */

/** One slice of labels as classes: every pixel of all candidates' predictions and of the truth is the index of a logit. */
export type Classes = Uint8Array;

/** Region as the set of its classes. */
export type RegionClasses = readonly number[];

export interface ChoiceMetric {
  /** Weight of the cost. */
  readonly alpha: number;
  /** Softmax over the candidates' Dice scores first. */
  readonly softmaxDice: boolean;
  /** Softmax over the candidates' FLOPs first. */
  readonly softmaxFlops: boolean;
}

/** The configuration whose numbers are "Ours" in Tables 3 and 8 (Table 4: alpha 0.001, "w/o S"). */
export const paperChoiceMetric: ChoiceMetric = { alpha: 0.001, softmaxDice: false, softmaxFlops: true };

/** What Eq. 4 knows of one slice: foreground pixels N_f, and Dice S_i and cost F_i (in G) of every candidate. */
export interface SliceScores {
  readonly foreground: number;
  readonly dice: readonly number[];
  readonly gflops: readonly number[];
}

/**
 * Eq. 4: G = 0 if N_f < 1, else argmax_{i=1..n} (S_i - alpha * F_i); the cheapest wins a tie.
 * 0 is skip, k stands for `candidates[k - 1]`.
 */
export function bestChoice({ foreground, dice, gflops }: SliceScores, metric = paperChoiceMetric): number {
  if (foreground < 1) return 0;
  const S = metric.softmaxDice ? softmax(dice) : dice;
  const F = metric.softmaxFlops ? softmax(gflops) : gflops;
  const gain = S.map((score, i) => score - metric.alpha * F[i]!);
  return 1 + gain.indexOf(Math.max(...gain));
}

/**
 * Dice of one slice, the S_i of Eq. 4: the mean over the regions, where a region that is empty in both scores 1.
 * The paper states neither; both follow its evaluation (mean over ET, TC, WT; two empty masks agree).
 */
export function sliceDice(prediction: Classes, truth: Classes, regions: readonly RegionClasses[]): number {
  const classes = 1 + Math.max(...regions.flat());
  const pairs = new Float64Array(classes * classes);
  countPairs(pairs, prediction, truth);
  return regions.reduce((sum, region) => sum + diceOfPairs(pairs, region), 0) / regions.length;
}

/**
 * Adds to `pairs[p * classes + t]` the pixels of class p in the prediction and t in the truth; a class that the square
 * table does not know counts as background.
 */
export function countPairs(pairs: Float64Array, prediction: Classes, truth: Classes): void {
  const classes = Math.sqrt(pairs.length);
  for (let i = 0; i < truth.length; i++) {
    const p = prediction[i]!;
    const t = truth[i]!;
    pairs[(p < classes ? p : 0) * classes + (t < classes ? t : 0)]!++;
  }
}

/** Dice of one region from the table of `countPairs`; 1 where it is empty in both. */
export function diceOfPairs(pairs: Float64Array, region: RegionClasses): number {
  const classes = Math.sqrt(pairs.length);
  let both = 0;
  let sum = 0;
  for (const [i, n] of pairs.entries()) {
    const hits = Number(region.includes(Math.floor(i / classes))) + Number(region.includes(i % classes));
    sum += hits * n;
    if (hits === 2) both += n;
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}

/** Pixels of any class but the background: N_f of Eq. 4. */
export function countForeground(truth: Classes): number {
  let foreground = 0;
  for (let i = 0; i < truth.length; i++) foreground += Number(truth[i] !== 0);
  return foreground;
}

/** exp(x_i) / sum_j exp(x_j), shifted by the maximum so that nothing overflows. */
export function softmax(values: ArrayLike<number>): number[] {
  const numbers = Array.from(values);
  const highest = Math.max(...numbers);
  const exps = numbers.map((value) => Math.exp(value - highest));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((value) => value / total);
}
