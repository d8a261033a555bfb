/** @file Initial weights. */

import type { Random } from "../random.ts";

export type Init =
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform in [-bound, bound). */
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly sd: number };

export function initialize(into: Float32Array, init: Init, random: Random): void {
  if (init.kind === "constant") into.fill(init.value);
  else if (init.kind === "uniform")
    for (let i = 0; i < into.length; i++) into[i] = init.bound * (2 * random.uniform() - 1);
  else for (let i = 0; i < into.length; i++) into[i] = init.sd * random.normal();
}

export const ones: Init = { kind: "constant", value: 1 };
export const zero: Init = { kind: "constant", value: 0 };

/** PyTorch's default for weight and bias of convolutions and linear layers: uniform, bound 1 / sqrt(fan-in). */
export const fanIn = (n: number): Init => ({ kind: "uniform", bound: 1 / Math.sqrt(n) });
