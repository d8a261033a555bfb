/** @file Rows of a table. */

import { apply1, constant, count, defineOp, type Value } from "../value.ts";
import { cast, equal } from "./elementwise.ts";
import { matmul } from "./linear.ts";
import { reshape } from "./shape.ts";

/** table [rows, ...], index [...] of int64 -> [...index, ...]; only along the first axis. */
export const Gather = defineOp<{ axis: number }>({
  type: "Gather",
  attributes: { axis: "int" },
  infer: ([table, index], { axis }) => {
    if (axis !== 0) throw new Error(`Gather: axis must be 0, got ${axis}`);
    return [[...index!.shape, ...table!.shape.slice(1)]];
  },
  // A row takes the cotangents of all places that read it: a product with 0 and 1.
  grad: ({ inputs: [table, index], cotangents: [dy] }) => {
    const [rows, reads] = [table!.shape[0]!, count(index!.shape)];
    const numbers = constant(
      BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
      [rows, 1],
    );
    const readBy = cast(equal(reshape(index!, [1, reads]), numbers), "float32"); // [rows, reads]
    return [reshape(matmul(readBy, reshape(dy!, [reads, count(table!.shape.slice(1))])), table!.shape), null];
  },
});

/** The rows of `table` that `index` names. */
export const gather = (table: Value, index: Value): Value => apply1(Gather, [table, index], { axis: 0 });
