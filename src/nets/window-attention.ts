/** @file Attention within windows of a map, every second time shifted by half a window (Liu et al., ICCV 2021). */

import { UserError } from "../error.ts";
import { gather } from "../graph/ops/gather.ts";
import { concat, reshape, slice, transpose } from "../graph/ops/shape.ts";
import { constant, type Value } from "../graph/value.ts";
import type { Scope } from "../nn/scope.ts";
import { attention } from "./transformer.ts";

/** Added to the scores of tokens that only the shift brought into one window: softmax makes it 0. */
const APART = -100;

interface WindowOptions {
  readonly height: number;
  readonly width: number;
  readonly window: number;
  /** Pixels that the map moves up and left before it is cut into windows. */
  readonly shift: number;
  readonly heads: number;
}

/** x [N, H W, C] -> [N, H W, C]; the windows must tile the map. */
export function windowAttention(scope: Scope, x: Value, { height, width, window, shift, heads }: WindowOptions): Value {
  const [n, , c] = x.shape as [number, number, number];
  const [rows, columns] = [height / window, width / window];
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    throw new UserError(`windows of ${window} must tile a map of ${height} x ${width}; choose another input size`);
  const shifted = roll(reshape(x, [n, height, width, c]), shift);
  const cut = transpose(reshape(shifted, [n, rows, window, columns, window, c]), [0, 1, 3, 2, 4, 5]);
  const windows = reshape(cut, [n, rows * columns, window * window, c]);
  const scoreBiases = [
    relativeBias(scope, window, heads),
    ...(shift > 0 ? [shiftMask(height, width, { window, shift })] : []),
  ];
  const attended = attention(scope, windows, { heads, dropout: 0, qkvBias: true, scoreBiases });
  const joined = transpose(reshape(attended, cut.shape), [0, 1, 3, 2, 4, 5]);
  return reshape(roll(reshape(joined, [n, height, width, c]), -shift), x.shape);
}

/** [N, H, W, C] moved up and left by `by` pixels; what leaves enters on the other side. */
function roll(x: Value, by: number): Value {
  if (by === 0) return x;
  return [1, 2].reduce((y, axis) => {
    const n = y.shape[axis]!;
    const part = (start: number, end: number) => slice(y, { axes: [axis], starts: [start], ends: [end] });
    const at = (by + n) % n;
    return concat([part(at, n), part(0, at)], axis);
  }, x);
}

/** One learned number a head and offset between two tokens: [heads, T, T], T = window^2. */
function relativeBias(scope: Scope, window: number, heads: number): Value {
  const [span, tokens] = [2 * window - 1, window * window];
  const table = scope.parameter("relative_position_bias_table", [span * span, heads], { kind: "normal", sd: 0.02 });
  const index = BigInt64Array.from({ length: tokens * tokens }, (_, i) => {
    const [a, b] = [Math.floor(i / tokens), i % tokens];
    const down = Math.floor(a / window) - Math.floor(b / window) + window - 1;
    return BigInt(down * span + (a % window) - (b % window) + window - 1);
  });
  return transpose(gather(table, constant(index, [tokens, tokens])), [2, 0, 1]);
}

/** 0 where two tokens of a shifted window were neighbours before the shift, else `APART`: [windows, 1, T, T]. */
function shiftMask(height: number, width: number, { window, shift }: { window: number; shift: number }): Value {
  const [columns, tokens] = [width / window, window * window];
  const windows = (height / window) * columns;
  const part = (at: number, size: number) => (at < size - window ? 0 : at < size - shift ? 1 : 2);
  const partOf = (w: number, token: number) => {
    const y = Math.floor(w / columns) * window + Math.floor(token / window);
    return 3 * part(y, height) + part((w % columns) * window + (token % window), width);
  };
  const mask = Float32Array.from({ length: windows * tokens * tokens }, (_, i) => {
    const w = Math.floor(i / (tokens * tokens));
    const [a, b] = [Math.floor(i / tokens) % tokens, i % tokens];
    return partOf(w, a) === partOf(w, b) ? 0 : APART;
  });
  return constant(mask, [windows, 1, tokens, tokens]);
}
