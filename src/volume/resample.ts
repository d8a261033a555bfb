/**
 * @file Resampling between grids that share their axes. Coordinates are of voxel centres, so the field of view keeps its
 * centre; beyond the outermost centres the border value continues.
 */

import { joinAffine, linearPart, relativeAffine, scaleColumns, toWorld } from "./affine.ts";
import type { Grid, LabelMap, Vec3, Volume } from "./grid.ts";

/** Closer spacings count as equal: 0.1 % moves the last of 240 voxels by an eighth of a voxel. */
const SAME_SPACING = 1e-3;

/**
 * The grid with another spacing (mm) over the same field of view: size * spacing is kept up to rounding, its centre exactly.
 * Returns `grid` itself where the spacings agree within 0.1 %.
 */
export function gridWithSpacing(grid: Grid, spacing: Vec3): Grid {
  const ratio = spacing.map((target, axis) => target / grid.spacing[axis]) as unknown as Vec3;
  if (ratio.every((value) => Math.abs(value - 1) < SAME_SPACING)) return grid;
  const size = grid.size.map((n, axis) => Math.max(1, Math.round(n / ratio[axis]))) as unknown as Vec3;
  const first = size.map((n, axis) => (grid.size[axis] - 1) / 2 - ((n - 1) / 2) * ratio[axis]) as unknown as Vec3;
  const affine = joinAffine(scaleColumns(linearPart(grid.affine), ratio), toWorld(grid.affine, first));
  return { size, spacing, affine };
}

/** Trilinear interpolation onto `grid`. Returns the volume itself where it lies on that grid object. 240x240x155 takes 100 ms. */
export function resampleVolume(volume: Volume, grid: Grid): Volume {
  if (volume.grid === grid) return volume;
  const [tx, ty, tz] = tapsBetween(volume.grid, grid);
  const { data } = volume;
  const out = new Float32Array(grid.size[0] * grid.size[1] * grid.size[2]);
  let to = 0;
  for (let z = 0; z < grid.size[2]; z++) {
    for (let y = 0; y < grid.size[1]; y++) {
      const row00 = tz.low[z] + ty.low[y];
      const row01 = tz.low[z] + ty.high[y];
      const row10 = tz.high[z] + ty.low[y];
      const row11 = tz.high[z] + ty.high[y];
      for (let x = 0; x < grid.size[0]; x++) {
        const [low, high, weight] = [tx.low[x], tx.high[x], tx.weight[x]];
        const near = mix(
          mix(data[row00 + low], data[row00 + high], weight),
          mix(data[row01 + low], data[row01 + high], weight),
          ty.weight[y],
        );
        const far = mix(
          mix(data[row10 + low], data[row10 + high], weight),
          mix(data[row11 + low], data[row11 + high], weight),
          ty.weight[y],
        );
        out[to++] = mix(near, far, tz.weight[z]);
      }
    }
  }
  return { grid, data: out };
}

const mix = (a: number, b: number, weight: number): number => a + (b - a) * weight;

/**
 * Labels onto `grid`: each voxel takes the label with the greatest trilinear weight among its 8 neighbours, the smallest
 * label where weights tie, so that borders stay smooth. Returns the map itself where it lies on that grid object.
 */
export function resampleLabels(labels: LabelMap, grid: Grid): LabelMap {
  if (labels.grid === grid) return labels;
  const [tx, ty, tz] = tapsBetween(labels.grid, grid);
  const { data } = labels;
  const out = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  const votes = new Float64Array(256);
  const corners = new Uint8Array(8);
  let to = 0;
  for (let z = 0; z < grid.size[2]; z++) {
    for (let y = 0; y < grid.size[1]; y++) {
      const rows = [tz.low[z] + ty.low[y], tz.low[z] + ty.high[y], tz.high[z] + ty.low[y], tz.high[z] + ty.high[y]];
      for (let x = 0; x < grid.size[0]; x++) {
        let mixed = 0;
        for (let corner = 0; corner < 8; corner++) {
          corners[corner] = data[rows[corner >> 1] + (corner & 1 ? tx.high[x] : tx.low[x])];
          mixed |= corners[corner] ^ corners[0];
        }
        out[to++] = mixed === 0 ? corners[0] : elect(corners, votes, [tx.weight[x], ty.weight[y], tz.weight[z]]);
      }
    }
  }
  return { grid, data: out };
}

/** Corner bits are x, y, z from the lowest; `votes` is all zero before and after. */
function elect(corners: Uint8Array, votes: Float64Array, [x, y, z]: Vec3): number {
  for (let corner = 0; corner < 8; corner++) {
    votes[corners[corner]] += (corner & 1 ? x : 1 - x) * (corner & 2 ? y : 1 - y) * (corner & 4 ? z : 1 - z);
  }
  let best = corners[0];
  for (const label of corners) {
    if (votes[label] > votes[best] || (votes[label] === votes[best] && label < best)) best = label;
  }
  for (const label of corners) votes[label] = 0;
  return best;
}

/** For each index of the target along one axis: memory offsets of its two neighbours in the source, weight of the upper. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
}

function tapsBetween(source: Grid, target: Grid): Taps[] {
  const relative = relativeAffine(source.affine, target.affine);
  const strides = [1, source.size[0], source.size[0] * source.size[1]];
  return [0, 1, 2].map((axis) => {
    const step = relative[5 * axis];
    const drift = [0, 1, 2].reduce(
      (sum, j) => sum + (j === axis ? 0 : Math.abs(relative[4 * axis + j]) * target.size[j]),
      0,
    );
    if (!(step > 0) || drift > 0.01 * Math.max(...target.size)) {
      throw new RangeError("resample: source and target grid must have the same axes; reorient first");
    }
    const map = { first: relative[4 * axis + 3], step, count: target.size[axis] };
    return tapsAlong(map, source.size[axis], strides[axis]);
  });
}

/** A float32 affine moves a coordinate by some 1e-7: snapped to 1e-5, so that hits are exact and ties do not hang on noise. */
const snap = (coordinate: number): number => Math.round(coordinate * 1e5) / 1e5;

function tapsAlong(map: { first: number; step: number; count: number }, size: number, stride: number): Taps {
  const [low, high] = [new Int32Array(map.count), new Int32Array(map.count)];
  const weight = new Float64Array(map.count);
  for (let i = 0; i < map.count; i++) {
    const coordinate = Math.min(Math.max(snap(map.first + i * map.step), 0), size - 1);
    const floor = Math.floor(coordinate);
    low[i] = floor * stride;
    high[i] = Math.min(floor + 1, size - 1) * stride;
    weight[i] = coordinate - floor;
  }
  return { low, high, weight };
}
