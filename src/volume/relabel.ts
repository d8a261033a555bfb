/** @file Labels to other labels. */

/**
 * `table[value]` for every value. A loop over a table: `map` with a function takes 50-100 ms for a 240x240x155 volume,
 * this 6.
 */
export function relabel(data: Uint8Array, table: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
  return out;
}

/** The table that takes `from[k]` to `to[k]`, and everything else to 0. */
export function relabelTable(from: readonly number[], to: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [k, label] of from.entries()) table[label] = to[k];
  return table;
}
