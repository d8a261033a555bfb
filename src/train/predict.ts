/** @file Classes of crops by a candidate as it stands, for validation and for choice labels. */

import { noAugmentation } from "../data/augment.ts";
import type { CompactCase } from "../data/compact.ts";
import { type Crop, copyCrop } from "../data/sampler.ts";
import { count, type Shape } from "../graph/value.ts";
import { labelPixels } from "../infer/assemble.ts";
import type { NetworkSpec } from "../nets/network.ts";
import type { Weights } from "../nn/scope.ts";
import type { Runtime } from "../platform.ts";
import { exportNetwork } from "./export.ts";

/** A place in a case, unchanged. */
export const plainCrop = (source: CompactCase, place: Pick<Crop, "slice" | "depth" | "x" | "y" | "size">): Crop => ({
  ...place,
  ...noAugmentation(source.steps.length),
});

export interface Placed {
  readonly source: CompactCase;
  readonly crop: Crop;
}

/** Slices of one run of a network; volumes run one by one, or their maps would not fit the memory of small machines. */
const BATCH = 8;

export interface Model {
  readonly runtime: Runtime;
  readonly onnx: Uint8Array;
  /** [C, H, W], or [C, D, H, W] */
  readonly image: Shape;
}

/** A network with weights as they stand. */
export const modelOf = (runtime: Runtime, spec: NetworkSpec, weights: Weights): Model => ({
  ...{ runtime, onnx: exportNetwork(spec, weights, { storage: "float32" }), image: spec.image },
});

/**
 * Calls `onCrop` with prediction and truth, class indices [size, size] or [depth, size, size], of each crop, in order. The
 * arrays are used again for the next crop.
 */
export async function predictCrops(
  model: Model,
  crops: readonly Placed[],
  onCrop: (index: number, classes: { prediction: Uint8Array; truth: Uint8Array }) => void,
): Promise<void> {
  const prediction = new Uint8Array(count(model.image.slice(1)));
  await runCrops(model, crops, (index, { output, truth }) => {
    labelPixels(output, prediction);
    onCrop(index, { prediction, truth });
  });
}

/** The same with what the network gives: probabilities of a candidate, logits of a decision network. */
export async function runCrops(
  { runtime, onnx, image: shape }: Model,
  crops: readonly Placed[],
  onCrop: (index: number, result: { output: Float32Array; truth: Uint8Array }) => void,
): Promise<void> {
  const session = await runtime.load(onnx);
  const [channels, ...size] = shape;
  const area = count(size);
  const most = size.length > 2 ? 1 : BATCH;
  const into = { images: new Float32Array(most * channels! * area), truth: new Uint8Array(most * area) };
  for (let start = 0; start < crops.length; start += most) {
    const batch = crops.slice(start, start + most);
    batch.forEach(({ source, crop }, item) => {
      copyCrop(source, crop, { into, item });
    });
    const data = into.images.subarray(0, batch.length * channels! * area);
    const image = { dtype: "float32", dims: [batch.length, ...shape], data } as const;
    const [result] = Object.values(await session.run({ image }));
    const output = result!.data as Float32Array;
    const each = output.length / batch.length;
    batch.forEach((_, item) => {
      const truth = into.truth.subarray(item * area, (item + 1) * area);
      onCrop(start + item, { output: output.subarray(item * each, (item + 1) * each), truth });
    });
  }
  await session.release();
}
