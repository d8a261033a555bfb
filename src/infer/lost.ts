/** @file Truth that routing lost: voxels which no network saw, because every window over them was skipped. */

import type { Bank } from "../danet/bank.ts";
import type { Vec3 } from "../volume/grid.ts";
import type { WindowDecision } from "./segment.ts";
import { placeWindows } from "./window.ts";

/** Truth voxels of a region. */
export interface Lost {
  readonly lost: number;
  readonly total: number;
}

interface Routed {
  readonly size: Vec3;
  readonly setting: Bank["setting"];
  readonly decisions: readonly WindowDecision[];
}

/** Region -> voxels, for the classes of `truth` (x fastest) and the decisions of the unmirrored pass. */
export function countLost(truth: Uint8Array, bank: Bank, { size, setting, decisions }: Routed): Record<string, Lost> {
  const [width, height, depth] = size;
  const area = width * height;
  const windows = placeWindows({ width, height }, { size: bank.inputSize[0], stride: bank.stride });
  const seen = Array.from({ length: depth }, () => new Uint8Array(area));
  for (const { slice, window, choice } of decisions) {
    if (choice === 0) continue;
    const { x, y, size } = windows[window];
    if (setting === "full") seen[slice].fill(1);
    else for (let row = y; row < y + size; row++) seen[slice].fill(1, row * width + x, row * width + x + size);
  }
  const isAllSeen = decisions.every(({ choice }) => choice > 0);
  const counts = bank.labels.map(() => ({ lost: 0, total: 0 }));
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === 0) continue;
    const count = counts[truth[i]];
    count.total++;
    if (!isAllSeen && seen[Math.floor(i / area)][i % area] === 0) count.lost++;
  }
  const sum = (labels: readonly number[], key: keyof Lost) =>
    labels.reduce((total, label) => total + counts[bank.labels.indexOf(label)][key], 0);
  return Object.fromEntries(
    Object.entries(bank.regions).map(([region, labels]) => [
      region,
      { lost: sum(labels, "lost"), total: sum(labels, "total") },
    ]),
  );
}
