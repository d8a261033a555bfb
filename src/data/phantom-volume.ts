/**
 * @file Synthetic multi-modal head volumes with tumour-like lesions, seeded: for tests and demonstrations without data.
 */

import { createRandom, type Random } from "../random.ts";
import type { Grid, LabelMap, Vec3, Volume } from "../volume/grid.ts";

/**
 * Tissue -> intensity in FLAIR, T1ce, T1, T2: the contrasts a reader of MRI expects (oedema bright in FLAIR, rim bright
 * in T1ce).
 */
const contrast = {
  white: [300, 420, 430, 260],
  grey: [360, 340, 340, 330],
  fluid: [90, 150, 140, 650],
  necrosis: [250, 200, 220, 560],
  oedema: [620, 300, 280, 560],
  enhancing: [480, 800, 300, 420],
} as const;

const tissues = Object.values(contrast);
const tissueIndex = Object.fromEntries(Object.keys(contrast).map((name, i) => [name, i])) as Record<
  keyof typeof contrast,
  number
>;

/** Tissue index -> BraTS label. */
const labelOfTissue = Object.keys(contrast).map((name) => ({ necrosis: 1, oedema: 2, enhancing: 4 })[name] ?? 0);

/** Coordinates are fractions of the half size on each axis, 0 at the centre. */
export interface Ellipsoid {
  readonly centre: Vec3;
  readonly radii: Vec3;
}

const head: Ellipsoid = { centre: [0, 0, 0], radii: [0.62, 0.76, 0.9] };
const ventricles: readonly Ellipsoid[] = [
  { centre: [-0.09, 0.05, 0.1], radii: [0.06, 0.22, 0.25] },
  { centre: [0.09, 0.05, 0.1], radii: [0.06, 0.22, 0.25] },
];

/** Squared distance from the centre in radii: inside below 1. */
export function reach({ centre, radii }: Ellipsoid, [u, v, w]: Vec3): number {
  return ((u - centre[0]) / radii[0]) ** 2 + ((v - centre[1]) / radii[1]) ** 2 + ((w - centre[2]) / radii[2]) ** 2;
}

/** A smooth random field, about -1..1: sum of products of one cosine an axis, so a voxel costs multiplications only. */
export function makeField(random: Random, size: Vec3, waves: number): (x: number, y: number, z: number) => number {
  const terms = Array.from({ length: 4 }, () =>
    size.map((n) => {
      const phase = 2 * Math.PI * random.uniform();
      const frequency = Math.PI * waves * (0.5 + random.uniform());
      return Float32Array.from({ length: n }, (_, i) => Math.cos(phase + (frequency * i) / n));
    }),
  );
  return (x, y, z) => terms.reduce((sum, [a, b, c]) => sum + 0.5 * a![x] * b![y] * c![z], 0);
}

/** One or two lesions in the white matter; the smaller sizes of a real data set are met too. */
function placeLesions(random: Random): Ellipsoid[] {
  return Array.from({ length: 1 + random.integer(2) }, () => {
    const side = random.integer(2) === 0 ? -1 : 1;
    const radius = 0.2 + 0.16 * random.uniform();
    return {
      centre: [side * (0.2 + 0.14 * random.uniform()), 0.6 * (random.uniform() - 0.5), 0.7 * (random.uniform() - 0.5)],
      radii: [radius, radius * (0.8 + 0.4 * random.uniform()), radius * (1.2 + 0.6 * random.uniform())],
    };
  });
}

/** `tissueAt` of every voxel: its index on each axis, and its place as fractions of the half size, 0 at the centre. */
export function paintVoxels(size: Vec3, tissueAt: (voxel: Vec3, place: Vec3) => number): Uint8Array {
  const out = new Uint8Array(size[0] * size[1] * size[2]);
  const at = (i: number, axis: number) => (2 * i + 1) / size[axis] - 1;
  let i = 0;
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[0]; x++) out[i++] = tissueAt([x, y, z], [at(x, 0), at(y, 1), at(z, 2)]);
  return out;
}

/** The tissue of each voxel; 255 outside the head. A lesion is a necrotic core in an enhancing rim in oedema. */
function paintTissues(random: Random, size: Vec3): Uint8Array {
  const lesions = placeLesions(random);
  const folds = makeField(random, size, 9);
  const border = makeField(random, size, 5);
  const { white, grey, fluid, necrosis, oedema, enhancing } = tissueIndex;
  return paintVoxels(size, ([x, y, z], point) => {
    const depth = reach(head, point);
    if (depth >= 1) return 255;
    const rough = 1 + 0.25 * border(x, y, z);
    const lesion = Math.min(...lesions.map((one) => Math.sqrt(reach(one, point)))) * rough;
    if (lesion < 0.4) return necrosis;
    if (lesion < 0.65) return enhancing;
    if (lesion < 1) return oedema;
    if (ventricles.some((one) => reach(one, point) < 1)) return fluid;
    return depth + 0.3 * folds(x, y, z) > 0.72 ? grey : white;
  });
}

/**
 * Intensity = scanner gain x bias field x tissue contrast + noise, whole numbers >= 1 in the head and 0 outside, as in
 * BraTS files.
 */
function scan(random: Random, size: Vec3, { tissue, channel }: { tissue: Uint8Array; channel: number }): Float32Array {
  const bias = makeField(random, size, 1);
  const gain = 0.7 + 0.7 * random.uniform();
  const noise = 20;
  const out = new Float32Array(tissue.length);
  let i = 0;
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[0]; x++, i++) {
        if (tissue[i] === 255) continue;
        const clean = tissues[tissue[i]][channel] * (1 + 0.1 * bias(x, y, z));
        out[i] = Math.max(1, Math.round(gain * (clean + noise * random.normal())));
      }
  return out;
}

/** The grid of the BraTS files, at another size: 1 mm, axes to left, posterior, superior. */
export function makeBratsGrid(size: Vec3): Grid {
  return { size, spacing: [1, 1, 1], affine: [-1, 0, 0, 0, 0, -1, 0, size[1] - 1, 0, 0, 1, 0] };
}

/**
 * One synthetic case: FLAIR, T1ce, T1, T2 and the truth with BraTS labels (0, 1, 2, 4).
 * @example makePhantom({ seed: 1, size: [32, 32, 16] })
 */
export function makePhantom({ seed, size }: { seed: number; size: Vec3 }): { channels: Volume[]; truth: LabelMap } {
  const random = createRandom(seed);
  const grid = makeBratsGrid(size);
  const tissue = paintTissues(random, size);
  const channels = [0, 1, 2, 3].map((channel) => ({ grid, data: scan(random, size, { tissue, channel }) }));
  return { channels, truth: { grid, data: tissue.map((index) => labelOfTissue[index] ?? 0) } };
}
