/** @file A bank whose networks are a 1x1 convolution each, so that a reader knows what they do: no training needed. */

import type { NewBank } from "../src/danet/bank.ts";
import { writeOnnx } from "../src/graph/onnx.ts";
import { conv } from "../src/graph/ops/conv.ts";
import { globalAveragePool } from "../src/graph/ops/pool.ts";
import { reshape } from "../src/graph/ops/shape.ts";
import { softmax } from "../src/graph/ops/softmax.ts";
import { BATCH, constant, input, type Value } from "../src/graph/value.ts";

/** `weights` has a number for every channel of every output. */
function pointwise(image: Value, weights: readonly number[], bias: readonly number[]): Value {
  const w = constant(Float32Array.from(weights), [bias.length, image.shape[1], 1, 1]);
  const b = constant(Float32Array.from(bias), [bias.length]);
  return conv(image, w, { pads: [0, 0, 0, 0], strides: [1, 1], group: 1 }, b);
}

/** Class 2 (edema) where the FLAIR z-score is above `threshold`, no other class. */
export function makeCandidate(threshold: number, channels = 4): Uint8Array {
  const image = input("image", [BATCH, channels, 16, 16]);
  const weights = new Array(4 * channels).fill(0).with(2 * channels, 50);
  return writeOnnx({ probabilities: softmax(pointwise(image, weights, [0, -99, -50 * threshold, -99]), 1) });
}

/** Logits of skip, M1, M2: `bias` + `slope` * mean of the FLAIR z-score over the window. */
export function makeDecision(bias: readonly number[], slope: readonly number[] = [0, 0, 0]): Uint8Array {
  const image = input("image", [BATCH, 4, 16, 16]);
  const logits = pointwise(
    image,
    slope.flatMap((flair) => [flair, 0, 0, 0]),
    bias,
  );
  return writeOnnx({ logits: reshape(globalAveragePool(logits), [BATCH, 3]) });
}

const describeModel = (id: string, paper: number) => ({
  ...{ id, network: "onnx", config: {}, file: `${id}.onnx`, output: "probabilities" as const },
  ...{ parameters: 20, flops: { macs: paper, paper } },
});

/** Of phantoms: slices of 32x32 in windows of 16x16. */
export const handmadeBank: NewBank = {
  dataset: "phantom",
  channels: ["flair", "t1ce", "t1", "t2"],
  labels: [0, 1, 2, 4],
  regions: { ET: [4], TC: [1, 4], WT: [1, 2, 4] },
  normalization: "brainZscore",
  frame: { orientation: "LPS", spacing: [1, 1, 1], sliceSize: [32, 32] },
  inputSize: [16, 16],
  setting: "window",
  stride: 16,
  candidates: [describeModel("M1", 1000), describeModel("M2", 2000)],
  decision: { ...describeModel("decision", 10), output: "logits" },
  recipe: {},
  trainingCases: [],
  seed: 1,
  toolVersion: "0",
};
