/** @file The learning rate over a run. */

export interface Schedule {
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

const POWER = 0.9;

/** Poly decay with power 0.9 after a linear warm-up; `step` counts from 0. */
export function learningRateAt(step: number, { learningRate, warmupSteps, totalSteps }: Schedule): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  return learningRate * (1 - (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps)) ** POWER;
}
