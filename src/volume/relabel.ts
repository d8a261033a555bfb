/** @file Labels to other labels. */

import { findNonZero } from "./nonzero.ts";

/** `table[value]` for every value. */
export function relabel(data: Uint8Array, table: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length);
  if (table[0] !== 0) out.fill(table[0]);
  const next = findNonZero(data);
  for (let i = next(0); i < data.length; i = next(i + 1)) out[i] = table[data[i]];
  return out;
}

/** The table that takes `from[k]` to `to[k]`, and everything else to 0. */
export function relabelTable(from: readonly number[], to: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [k, label] of from.entries()) table[label] = to[k];
  return table;
}
