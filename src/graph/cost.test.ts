import { describe, expect, test } from "vitest";
import { cost } from "./cost.ts";
import { conv, convTranspose } from "./ops/conv.ts";
import { add, relu } from "./ops/elementwise.ts";
import { matmul } from "./ops/linear.ts";
import { batchNormalization, layerNormalization } from "./ops/norm.ts";
import { averagePool, globalAveragePool, maxPool } from "./ops/pool.ts";
import { concat, reshape } from "./ops/shape.ts";
import { softmax } from "./ops/softmax.ts";
import { BATCH, input, type Value } from "./value.ts";

const of = (...shape: number[]) => input("x", shape);
const same = { group: 1, strides: [1, 1], pads: [1, 1, 1, 1] };
const up = { group: 1, strides: [2, 2], pads: [0, 0, 0, 0], output_padding: [0, 0] };
const image = (batch: number) => of(batch, 4, 8, 8);

const table: Record<string, [value: Value, macs: number, paper: number]> = {
  "conv 3x3: 64 pixels, 5 outputs, 4 x 9 taps": [conv(image(1), of(5, 4, 3, 3), same, of(5)), 11_520, 11_520],
  "the same at stride 2: 16 pixels": [conv(image(1), of(5, 4, 3, 3), { ...same, strides: [2, 2] }), 2_880, 2_880],
  "depthwise: 64 pixels, 4 channels, 9 taps": [conv(image(1), of(4, 1, 3, 3), { ...same, group: 4 }), 2_304, 2_304],
  // macs: 64 input pixels x 4 inputs x 3 outputs x 4 taps; paper: 256 OUTPUT pixels x 3 x 3 outputs x 4 taps
  "transposed conv 2x2": [convTranspose(image(1), of(4, 3, 2, 2), up, of(3)), 3_072, 9_216],
  // where both widths are 4, the paper counts four times the truth
  "transposed conv 2x2, equal widths": [convTranspose(image(1), of(4, 4, 2, 2), up), 4_096, 16_384],
  "matmul: 2 x 3 rows, 4 columns, 5 deep": [matmul(of(2, 3, 5), of(5, 4)), 120, 120],
  "attention of 2 heads: 3 x 3 scores of width 4, then back": [
    matmul(matmul(of(1, 2, 3, 4), of(1, 2, 4, 3)), of(1, 2, 3, 4)),
    144,
    144,
  ],
  "batch norm: 5 an element": [batchNormalization(image(1), [of(4), of(4), of(4), of(4)], 1e-5), 0, 1_280],
  "layer norm: 5 an element": [layerNormalization(of(1, 3, 6), [of(6), of(6)], 1e-5), 0, 90],
  "adaptive pool: 1 an input element": [globalAveragePool(image(1)), 0, 256],
  "all else is free": [
    softmax(add(relu(maxPool(image(1), 3, { stride: 2, padding: 1 })), concat([averagePool(image(1), 2)], 1)), 1),
    0,
    0,
  ],
};

describe("cost of one op", () => {
  test.each(Object.entries(table))("%s", (_, [value, macs, paper]) => expect(cost([value])).toEqual({ macs, paper }));
});

test("a batch multiplies the cost, an unknown batch counts per item", () => {
  const network = (batch: number) => {
    const x = conv(image(batch), of(5, 4, 3, 3), same); // 11,520
    const normed = batchNormalization(x, [of(5), of(5), of(5), of(5)], 1e-5); // 5 x 320
    return matmul(reshape(normed, [batch, 5, 64]), of(64, 2)); // 5 x 64 x 2
  };
  const one = { macs: 11_520 + 640, paper: 11_520 + 640 + 1_600 };
  expect(cost([network(1)])).toEqual(one);
  expect(cost([network(BATCH)])).toEqual(one);
  expect(cost([network(3)])).toEqual({ macs: 3 * one.macs, paper: 3 * one.paper });
});

test("what two outputs share is counted once, what no output needs is not", () => {
  const shared = matmul(of(2, 3), of(3, 4)); // 24
  matmul(shared, of(4, 100));
  expect(cost([matmul(shared, of(4, 2)), relu(shared), shared])).toEqual({ macs: 24 + 16, paper: 24 + 16 });
});
