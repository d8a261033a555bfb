/** @file Colours of pictures: page, labels, and the choices in rising cost. */

/** Red, green, blue in 0..255. */
export type Colour = readonly [number, number, number];

const parseColour = (hex: string): Colour =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;

export const page = {
  background: parseColour("#0d1117"),
  panel: parseColour("#000000"),
  text: parseColour("#e6edf3"),
  muted: parseColour("#8b949e"),
  line: parseColour("#30363d"),
} as const;

/** Told apart with any colour vision: they differ in blue against yellow and in lightness, not in red against green alone. */
const LABEL_COLOURS = ["#f0553f", "#4aa8ff", "#ffe14d", "#c58bff", "#3fd6b0", "#ff9ac1"].map(parseColour);

/** A colour for each label, in the order given. */
export const assignLabelColours = (labels: readonly number[]): Record<number, Colour> =>
  Object.fromEntries(labels.map((label, i) => [label, LABEL_COLOURS[i % LABEL_COLOURS.length]]));

const SKIP = parseColour("#2b323c");
/** Lightness rises with the cost, so the order is seen without the legend (the upper part of viridis). */
const COST_RAMP = ["#4457b8", "#20918c", "#6ccd5a", "#fde725"].map(parseColour);

/** Colours of the choices 0 (skip), 1 ... `candidates`. */
export function assignChoiceColours(candidates: number): Colour[] {
  const ramp = Array.from({ length: candidates }, (_, i) => {
    const place = candidates > 1 ? (i / (candidates - 1)) * (COST_RAMP.length - 1) : COST_RAMP.length - 1;
    const low = Math.min(Math.floor(place), COST_RAMP.length - 2);
    return mixColours(COST_RAMP[low], COST_RAMP[low + 1], place - low);
  });
  return [SKIP, ...ramp];
}

/** `share` of b over a. */
const mixColours = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];
