/** @file Synthetic abdominal CT with liver and lesions, seeded: for tests and demonstrations without data. */

import { createRandom, type Random } from "../random.ts";
import type { LabelMap, Vec3, Volume } from "../volume/grid.ts";
import { type Ellipsoid, makeBratsGrid, makeField, paintVoxels, reach } from "./phantom-volume.ts";

/** Tissue -> HU in the portal venous phase; the abdomen is fat and bowel together. */
const hounsfield = { air: -1000, fat: -100, abdomen: -50, bone: 500, liver: 110, lesion: 30 } as const;
const names = Object.keys(hounsfield) as (keyof typeof hounsfield)[];
const [air, fat, abdomen, bone, liver, lesion] = names.keys();
const intensities = Object.values(hounsfield);

/** x to the patient's left, y backwards, z upwards; fractions of the half size. The body goes on above and below. */
const body: Ellipsoid = { centre: [0, 0, 0], radii: [0.9, 0.72, 9] };
const inside: Ellipsoid = { centre: [0, 0, 0], radii: [0.8, 0.62, 9] };
const spine: Ellipsoid = { centre: [0, 0.44, 0], radii: [0.13, 0.13, 9] };

interface Organ {
  readonly liver: Ellipsoid;
  readonly lesions: readonly Ellipsoid[];
}

/** A liver at the right, with one to three lesions in it. */
function placeOrgan(random: Random): Organ {
  const around = (value: number, range: number) => value + range * (2 * random.uniform() - 1);
  const centre: Vec3 = [around(-0.34, 0.04), around(-0.04, 0.04), around(0, 0.1)];
  const radii: Vec3 = [around(0.38, 0.04), around(0.44, 0.04), around(0.6, 0.08)];
  const lesions = Array.from({ length: 1 + random.integer(3) }, (): Ellipsoid => {
    const at = centre.map((value, axis) => around(value, 0.5 * radii[axis])) as unknown as Vec3;
    const radius = around(0.16, 0.05);
    return { centre: at, radii: [radius, radius, 1.3 * radius] };
  });
  return { liver: { centre, radii }, lesions };
}

function paintTissues(random: Random, size: Vec3): Uint8Array {
  const organ = placeOrgan(random);
  const border = makeField(random, size, 5);
  return paintVoxels(size, ([x, y, z], point) => {
    if (reach(body, point) >= 1) return air;
    if (reach(inside, point) >= 1) return fat;
    if (reach(spine, point) < 1) return bone;
    const rough = 1 + 0.2 * border(x, y, z);
    if (reach(organ.liver, point) * rough >= 1) return abdomen;
    return organ.lesions.some((one) => reach(one, point) * rough < 1) ? lesion : liver;
  });
}

/** HU. */
const NOISE = 12;

/**
 * One synthetic case: CT in whole HU, and the truth with LiTS labels (1 liver, 2 lesion).
 * @example makeCtPhantom({ seed: 1, size: [32, 32, 16] })
 */
export function makeCtPhantom({ seed, size }: { seed: number; size: Vec3 }): { ct: Volume; truth: LabelMap } {
  const random = createRandom(seed);
  const grid = makeBratsGrid(size);
  const tissue = paintTissues(random, size);
  const data = Float32Array.from(tissue, (index) => Math.round(intensities[index] + NOISE * random.normal()));
  const labelOf = (index: number) => (index === lesion ? 2 : index === liver ? 1 : 0);
  return { ct: { grid, data }, truth: { grid, data: tissue.map(labelOf) } };
}
