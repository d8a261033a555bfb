/** @file What a key does in the viewer. */

import type { Vec3 } from "../../volume/grid.ts";
import type { Plane } from "./niivue.ts";

/** The axis (right, anterior, superior) that runs through the slices of a plane, and those to the right and up in it. */
const axes: Readonly<Record<Exclude<Plane, "3D">, { through: 0 | 1 | 2; right: 0 | 1; up: 1 | 2; mirrored: boolean }>> =
  {
    all: { through: 2, right: 0, up: 1, mirrored: true },
    axial: { through: 2, right: 0, up: 1, mirrored: true },
    coronal: { through: 1, right: 0, up: 2, mirrored: true },
    sagittal: { through: 0, right: 1, up: 2, mirrored: false },
  };

const through: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

export interface Steps {
  /** Voxels to the right, anterior, superior. */
  readonly move: Vec3;
  /** Degrees of azimuth and elevation, in 3D. */
  readonly turn?: readonly [number, number];
}

/** Undefined for a key without meaning. Slices are shown from below: the patient's right is at the left of the screen. */
export function keySteps({ key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">, plane: Plane): Steps | undefined {
  const arrow = arrows[key];
  if (plane === "3D") return arrow && { move: [0, 0, 0], turn: [5 * arrow[0], 5 * arrow[1]] };
  const axis = axes[plane];
  const move: [number, number, number] = [0, 0, 0];
  if (shiftKey && arrow) {
    move[axis.right] = axis.mirrored ? -arrow[0] : arrow[0];
    move[axis.up] += arrow[1];
    return { move };
  }
  if (through[key] === undefined) return undefined;
  move[axis.through] = through[key];
  return { move };
}
