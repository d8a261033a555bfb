/** @file Which values of a graph exist in blocked memory, in plain memory, or in both, and the way between. */

import { nodesOf, type Value } from "../value.ts";
import { block, nchwcConv, type PendingConv, unblock } from "./nchwc.ts";
import { padTo } from "./weight.ts";

/** What a rule makes of an output: a plain value, a blocked one, or a blocked convolution that may still take more in. */
export type Made = { readonly plain: Value } | { readonly blocked: Value } | { readonly pending: PendingConv };

export interface Layouts {
  /** Channels of a block. */
  readonly size: number;
  /** The value in the rewritten graph, as it was. */
  plain(value: Value): Value;
  /** The value in blocked memory. */
  blocked(value: Value): Value;
  /** [C] with zeros up to whole blocks. */
  channels(value: Value): Value;
  /** Whether it was computed in blocked memory. */
  isBlocked(value: Value): boolean;
  /** The convolution that gives the value, when nothing else reads it: more can be fused into it. */
  pending(value: Value): PendingConv | undefined;
  /** Batch-normalised inputs less their mean, blocked. */
  readonly centred: Map<Value, Value>;
  set(value: Value, made: Made): void;
}

export function createLayouts(outputs: readonly Value[], size: number): Layouts {
  const uses = countUses(outputs);
  const [plain, blocked] = [new Map<Value, Value>(), new Map<Value, Value>()];
  const pending = new Map<Value, PendingConv>();
  const make = (map: Map<Value, Value>, value: Value, build: () => Value): Value => {
    const found = map.get(value) ?? build();
    map.set(value, found);
    return found;
  };
  const layouts: Layouts = {
    size,
    centred: new Map(),
    isBlocked: (value) => pending.has(value) || blocked.has(value),
    pending: (value) => (uses.get(value) === 1 ? pending.get(value) : undefined),
    plain: (value) =>
      make(plain, value, () => (layouts.isBlocked(value) ? unblock(layouts.blocked(value), value.shape[1]!) : value)),
    blocked: (value) =>
      make(blocked, value, () => {
        const conv = pending.get(value);
        return conv ? nchwcConv(conv) : block(layouts.plain(value), size);
      }),
    channels: (value) => {
      const n = value.shape[0]!;
      return padTo(layouts.plain(value), [Math.ceil(n / size) * size]);
    },
    set: (value, made) => {
      if ("plain" in made) plain.set(value, made.plain);
      else if ("blocked" in made) blocked.set(value, made.blocked);
      else pending.set(value, made.pending);
    },
  };
  return layouts;
}

/** How many nodes and outputs read each value. */
function countUses(outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of [...outputs, ...nodesOf(outputs).flatMap((node) => node.inputs)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}
