/** @file The networks of networks.json, their weights and their batch, by the rules of make_networks.py; outputs of the others. */

import { readFileSync } from "node:fs";
import { type NetworkId, networks } from "../../src/nets/index.ts";
import type { NetworkSpec } from "../../src/nets/network.ts";
import { namedParts, type WeightPlan } from "../../src/nn/scope.ts";

/** Probabilities of a segmentation network: the first and every 257th; all logits of a decision network. */
type Output = number[] | { first: number[]; every257th: number[] };

export interface Reference {
  input: number[];
  loss: number;
  losses: [number, number];
  output: Output;
  gradients: Record<string, [norm: number, first: number, second: number]>;
  running: Record<string, { mean: number[]; var: number[] }>;
  norms: Record<string, number>;
  evaluation: { loss: number; output: Output };
  /** Decision network only: another batch, of 80 x 80. */
  unread: { input: number[]; output: number[] };
}
interface AdamReference {
  lr: number;
  weightDecay: number;
  start: number[];
  gradients: number[][];
  parameters: number[][];
}
export type ReferenceName = "unet2d" | "transbts2d" | "shufflenetv2";
export const reference = JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf8")) as Readonly<
  Record<ReferenceName, Reference>
> & { readonly adam: AdamReference };

/** Networks of test/tiny-networks.ts. */
type ZooName = Exclude<NetworkId, ReferenceName>;
export const zoo = readZoo();
function readZoo() {
  const { made: _, ...entries } = JSON.parse(readFileSync(new URL("zoo.json", import.meta.url), "utf8"));
  return entries as Readonly<Record<ZooName, { input: number[]; parameters: number; output: Output }>>;
}

const noDropout = { dropout: 0, tokenDropout: 0 };
const small = { layers: 2, dim: 64, hidden: 128, heads: 4 };
export const specs: Readonly<Record<ReferenceName, NetworkSpec>> = {
  unet2d: { network: networks.unet2d as never, config: { base: 4, ...noDropout }, outputs: 4, image: [4, 32, 32] },
  transbts2d: {
    network: networks.transbts2d as never,
    config: { base: 16, ...small, ...noDropout },
    outputs: 4,
    image: [4, 32, 32],
  },
  shufflenetv2: { network: networks.shufflenetv2 as never, config: {}, outputs: 5, image: [4, 64, 64] },
};

/** Element k of parameter j of the sorted keys. */
export function fillParameters(plan: WeightPlan, flat: Float32Array): void {
  const parts = namedParts(plan.parameters, flat);
  const sorted = plan.parameters.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const [j, { key, shape }] of sorted.entries()) {
    const fan = shape.slice(1).reduce((a, b) => a * b, 1);
    const isWeight = key.endsWith(".weight");
    for (const k of parts[key]!.keys()) {
      const v = Math.sin(j * 78.233 + k * 12.9898) * 43758.5453;
      const u = v - Math.floor(v) - 0.5;
      parts[key]![k] = isWeight && shape.length > 1 ? (2 * u) / Math.sqrt(fan) : 0.2 * u + (isWeight ? 1 : 0);
    }
  }
}

export const imageOf = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => Math.sin(0.37 * k) + 0.5 * Math.cos(0.011 * k));
export const labelsOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, k) => (7 * k + Math.floor(k / 13)) % 4);
export const choicesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, k) => k % 5);

/** What the file shows of an output, next to what it should be. */
export function shown(values: Float32Array, expected: Output): { found: number[]; expected: number[] } {
  if (Array.isArray(expected)) return { found: [...values], expected };
  const found = [...values.subarray(0, expected.first.length), ...values.filter((_, i) => i % 257 === 0)];
  return { found, expected: [...expected.first, ...expected.every257th] };
}
