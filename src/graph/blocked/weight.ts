/** @file Weights in the memory order that blocked convolutions read; computed anew in each step, they change in each. */

import { pad, reshape, stridedSlice, transpose } from "../ops/shape.ts";
import { count, type Shape, type Value } from "../value.ts";
import { block } from "./nchwc.ts";

const roundUp = (n: number, size: number) => Math.ceil(n / size) * size;

/** Zeros after the values, up to `shape`. */
export function padTo(x: Value, shape: Shape): Value {
  const after = shape.map((n, i) => n - x.shape[i]!);
  return after.every((n) => n === 0) ? x : pad(x, Array(shape.length).fill(0), after);
}

/**
 * [O, I, kh, kw] -> [O', I', kh, kw], filled up to whole blocks, in the memory order [O / b, I / b, k, b of I, b of O];
 * an image of fewer channels than a block keeps I: [O / b, I, k, b of O].
 */
export function blockWeight(w: Value, size: number, image: boolean): Value {
  const [o, i, ...kernel] = w.shape as [number, number, number, number];
  const inputs = image ? i : roundUp(i, size);
  const [outputs, taps] = [roundUp(o, size), count(kernel)];
  const filled = padTo(w, [outputs, inputs, ...kernel]);
  // Blocks over O come from the kernel that blocks images, six times as fast as a transpose of single elements.
  const byOutput = block(reshape(filled, [1, outputs, inputs * taps, 1]), size);
  const shape = [outputs, inputs, ...kernel];
  if (image) return reshape(byOutput, shape);
  const lanes = reshape(byOutput, [(outputs / size) * (inputs / size), size, taps, size]);
  return reshape(transpose(lanes, [0, 2, 1, 3]), shape);
}

/** The weight of the convolution that turns dY into dX at stride 1: [O, I, kh, kw] -> [I, O, kh, kw] turned around. */
export function blockTurnedWeight(w: Value, size: number, image: boolean): Value {
  const [o, i, ...kernel] = w.shape as [number, number, number, number];
  const outputs = image ? o : roundUp(o, size);
  const [inputs, taps, lanes] = [roundUp(i, size), count(kernel), image ? 1 : size];
  const filled = padTo(w, [outputs, i, ...kernel]);
  const byInput = block(reshape(filled, [outputs, i, taps, 1]), size); // [O, I / b, k, b of I]
  const turned = reversed(reshape(byInput, [outputs * (inputs / size), taps, size]));
  const split = reshape(turned, [outputs / lanes, lanes, inputs / size, taps, size]);
  return reshape(transpose(split, [2, 0, 3, 1, 4]), [inputs, outputs, ...kernel]);
}

function reversed(x: Value): Value {
  const n = x.shape[1]!;
  return n === 1 ? x : stridedSlice(x, { axes: [1], starts: [n - 1], ends: [-n - 1], steps: [-1] });
}
