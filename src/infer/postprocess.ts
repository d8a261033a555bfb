/**
 * @file Post-processing, a property of the bank: its thresholds are chosen on cases that the networks did not learn from.
 * Everything is told in labels and regions, so it serves any data set.
 */

import type { Postprocessing } from "../danet/bank.ts";
import { boundingBox, boxSize } from "../volume/bounding-box.ts";
import { connectedComponents } from "../volume/components.ts";
import { encloseSlices } from "../volume/enclose.ts";
import { type Box, copyBox } from "../volume/fit.ts";
import { mapAxes, type Vec3 } from "../volume/grid.ts";

export interface Postprocessed {
  /** Of every voxel, x fastest. */
  readonly classes: Uint8Array;
  /** Step -> voxels that it changed: "components", "TC enclosed" for each region that is enclosed, then each with a threshold. */
  readonly changed: Readonly<Record<string, number>>;
}

/** Of a bank or a data set: class index -> label, and region -> labels. */
interface Setting {
  readonly rules: Postprocessing;
  readonly labels: readonly number[];
  readonly regions: Readonly<Record<string, readonly number[]>>;
}

/**
 * First drops the connected parts of the whole foreground under `minComponent` voxels, but never the largest: islands far
 * from a tumour cost more HD95 than they can be worth, and a small tumour must not vanish. Then makes the regions of
 * `encloseRegion` what another one encloses, where that is no small part of the case: the core of a tumour that enhances is its
 * enhancing rim and what lies in it, and a network that sees one slice mistakes necrosis and oedema for each other. At last
 * gives each region of `minRegion` whose voxels are fewer than `below` in the whole case another label: a few enhancing voxels
 * are more often none at all (BraTS scores a case without them 0 or 1).
 * All happens in the box around the foreground, a hundredth of a BraTS volume.
 * Neighbours may share a corner (26): a voxel is an island only when nothing touches it, and a thin oblique strand stays one.
 */
export function postprocess(classes: Uint8Array, size: Vec3, { rules, labels, regions }: Setting): Postprocessed {
  const box = boundingBox(size, classes) ?? NOTHING;
  const { start } = box;
  const inner = boxSize(box);
  const out = copyBox(classes, size, { size: inner, start });
  const changed: Record<string, number> = {};
  if (rules.minComponent > 0) changed["components"] = dropComponents(out, inner, rules.minComponent);
  const classesOf = (region: string) => regions[region]!.map((label) => labels.indexOf(label));
  for (const [region, rule] of Object.entries(rules.encloseRegion)) {
    const [inside, outside] = [labels.indexOf(rule.inside), labels.indexOf(rule.outside)];
    const inClasses = { ...rule, own: classesOf(region), rim: classesOf(rule.by), inside, outside };
    if (rule.radius > 0) changed[`${region} enclosed`] = encloseRegion(out, inner, inClasses);
  }
  for (const [region, { below, becomes }] of Object.entries(rules.minRegion)) {
    const rule = { below, becomes: labels.indexOf(becomes) };
    if (below > 0) changed[region] = replaceRegion(out, classesOf(region), rule);
  }
  const back = mapAxes((axis) => -start[axis]);
  return { classes: copyBox(out, inner, { size, start: back }), changed };
}

const NOTHING: Box = { start: [0, 0, 0], end: [1, 1, 1] };

/** In place; the number of voxels that became background. */
function dropComponents(classes: Uint8Array, size: Vec3, least: number): number {
  const { index, sizes } = connectedComponents(classes, size, 26);
  const enough = Math.min(least, Math.max(0, ...sizes));
  const isSmall = Uint8Array.from([0, ...sizes.map((voxels) => Number(voxels < enough))]);
  if (!isSmall.includes(1)) return 0;
  let dropped = 0;
  for (let i = 0; i < classes.length; i++) {
    if (isSmall[index[i]!] === 0) continue;
    classes[i] = 0;
    dropped++;
  }
  return dropped;
}

/** Class -> 1 where it is a member. */
function membership(members: readonly number[]): Uint8Array {
  const is = new Uint8Array(256);
  for (const member of members) is[member] = 1;
  return is;
}

/** A rule in classes: those of the region, and of the one that encloses it. */
type Enclosing = Postprocessing["encloseRegion"][string] & Readonly<Record<"own" | "rim", readonly number[]>>;

/** In place; the number of voxels that joined or left the region. */
function encloseRegion(classes: Uint8Array, size: Vec3, rule: Enclosing): number {
  const [isOwn, isRim] = [membership(rule.own), membership(rule.rim)];
  const rim = new Uint8Array(classes.length);
  const voxels = { rim: 0, foreground: 0 };
  for (let i = 0; i < classes.length; i++) {
    rim[i] = isRim[classes[i]!]!;
    voxels.rim += rim[i]!;
    voxels.foreground += Number(classes[i] !== 0);
  }
  if (voxels.rim < rule.share * voxels.foreground) return 0;
  const enclosed = encloseSlices(rim, size, rule.radius);
  let changed = 0;
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] === 0 || enclosed[i] === isOwn[classes[i]!]) continue;
    classes[i] = enclosed[i] === 1 ? rule.inside : rule.outside;
    changed++;
  }
  return changed;
}

/** In place; the number of voxels that changed, 0 where the region is large enough. */
function replaceRegion(
  classes: Uint8Array,
  members: readonly number[],
  { below, becomes }: { below: number; becomes: number },
): number {
  const isMember = membership(members);
  let count = 0;
  for (let i = 0; i < classes.length; i++) count += isMember[classes[i]!]!;
  if (count >= below) return 0;
  for (let i = 0; i < classes.length; i++) if (isMember[classes[i]!] === 1) classes[i] = becomes;
  return count;
}
