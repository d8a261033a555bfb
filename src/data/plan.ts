/** @file Frame and normalization of a data set that nobody described by hand, from the fingerprints of its cases. */

import { UserError } from "../error.ts";
import { turnsBetween } from "../volume/orientation.ts";
import type { Frame } from "./dataset.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { ChannelNormalization } from "./normalization.ts";

/** Slices up to this side are one input of the networks, larger ones are cut into windows. */
export const LARGEST_WHOLE = 160;
/** Sides of inputs are multiples of this: three halvings in the candidates, five in the decision network. */
const SIDE_STEP = 32;
/** A spacing larger than the others by this much tells how the scanner sliced. */
const ANISOTROPIC = 1.1;

/**
 * The orientation that most cases have, turned so that slices follow each other along the axis of the largest spacing,
 * or from foot to head where none stands out. In the slice the median spacing, between slices each case's own. Slices
 * hold the largest case; small ones are squares that a network takes whole.
 */
export function planFrame(prints: readonly Fingerprint[]): Frame {
  const stored = mostCommon(prints.map(({ orientation }) => orientation));
  const turned = prints.map((print) => turnTo(print, stored));
  const spacings = [0, 1, 2].map((axis) => median(turned.map(({ spacing }) => spacing[axis])));
  const [across, next] = [...spacings].sort((a, b) => b - a);
  const axial = [...stored].findIndex((letter) => letter === "S" || letter === "I");
  const through = across >= ANISOTROPIC * next ? spacings.indexOf(across) : axial;
  const inPlane = [0, 1, 2].filter((axis) => axis !== through);
  const extent = inPlane.map((axis) =>
    Math.max(...turned.map(({ size, spacing }) => Math.round((size[axis] * spacing[axis]) / spacings[axis]))),
  ) as [number, number];
  const side = SIDE_STEP * Math.ceil(Math.max(...extent) / SIDE_STEP);
  const sliceSize = side <= LARGEST_WHOLE ? ([side, side] as const) : padded(extent);
  const orientation = [...inPlane, through].map((axis) => stored[axis]).join("");
  return { orientation, spacing: [spacings[inPlane[0]], spacings[inPlane[1]], null], sliceSize };
}

/** A window must fit. */
const padded = (extent: readonly [number, number]) =>
  extent.map((n) => Math.max(n, LARGEST_WHOLE)) as unknown as readonly [number, number];

function turnTo({ orientation, size, spacing }: Fingerprint, target: string) {
  const axes = turnsBetween(orientation, target).map(({ axis }) => axis);
  return { size: axes.map((axis) => size[axis]), spacing: axes.map((axis) => spacing[axis]) };
}

/** Below this share of voxels that are not 0 the background was cut away, and the z-score leaves it out. */
const MASKED = 0.75;
/** Intensities beyond these percentiles of the foreground are clipped in CT (nnU-Net's choice). */
const PERCENTILES = [0.5, 99.5] as const;

/** CT: clipped to the foreground's percentiles and scaled by its mean and sd; anything else: z-score of each case. */
export function planNormalization(channels: readonly string[], prints: readonly Fingerprint[]): ChannelNormalization[] {
  return channels.map((name, c): ChannelNormalization => {
    const filled = median(prints.map((print) => print.filled[c]));
    if (name.toLowerCase() !== "ct") return { kind: "zscore", over: filled < MASKED ? "nonzero" : "all" };
    const values = Float64Array.from(prints.flatMap(({ foreground }) => [...foreground[c]])).sort();
    if (values.length === 0)
      throw new UserError(
        "the intensities of CT are scaled by those under the labels; all truths are empty, found none",
      );
    const at = (p: number) => values[Math.round((p / 100) * (values.length - 1))];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { kind: "clip", low: at(PERCENTILES[0]), high: at(PERCENTILES[1]), mean, sd: Math.sqrt(variance) || 1 };
  });
}

function mostCommon(values: readonly string[]): string {
  const count = (value: string) => values.filter((other) => other === value).length;
  return [...new Set(values)].sort().reduce((best, value) => (count(value) > count(best) ? value : best));
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
