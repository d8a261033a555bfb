/** @file Classes of crops by a candidate as it stands, for validation and for choice labels. */

import { noAugmentation } from "../data/augment.ts";
import type { CompactCase } from "../data/compact.ts";
import { type Crop, copyCrop } from "../data/sampler.ts";
import { labelPixels } from "../infer/assemble.ts";
import type { NetworkSpec } from "../nets/network.ts";
import type { Weights } from "../nn/scope.ts";
import type { Runtime } from "../platform.ts";
import { exportNetwork } from "./export.ts";

/** A place in a case, unchanged. */
export const plainCrop = (source: CompactCase, place: { slice: number; x: number; y: number; size: number }): Crop => ({
  ...place,
  ...noAugmentation(source.steps.length),
});

export interface Placed {
  readonly source: CompactCase;
  readonly crop: Crop;
}

const BATCH = 8;

type Model = { runtime: Runtime; spec: NetworkSpec; weights: Weights };

/**
 * Calls `onCrop` with prediction and truth, class indices [size, size], of each crop, in order. The arrays are used
 * again for the next crop.
 */
export async function predictCrops(
  model: Model,
  crops: readonly Placed[],
  onCrop: (index: number, classes: { prediction: Uint8Array; truth: Uint8Array }) => void,
): Promise<void> {
  const prediction = new Uint8Array(model.spec.image[1]! * model.spec.image[2]!);
  await runCrops(model, crops, (index, { output, truth }) => {
    labelPixels(output, prediction);
    onCrop(index, { prediction, truth });
  });
}

/** The same with what the network gives: probabilities of a candidate, logits of a decision network. */
export async function runCrops(
  { runtime, spec, weights }: Model,
  crops: readonly Placed[],
  onCrop: (index: number, result: { output: Float32Array; truth: Uint8Array }) => void,
): Promise<void> {
  const session = await runtime.load(exportNetwork(spec, weights, { storage: "float32" }));
  const area = spec.image[1]! * spec.image[2]!;
  const into = { images: new Float32Array(BATCH * spec.image[0]! * area), truth: new Uint8Array(BATCH * area) };
  for (let start = 0; start < crops.length; start += BATCH) {
    const batch = crops.slice(start, start + BATCH);
    batch.forEach(({ source, crop }, item) => {
      copyCrop(source, crop, { into, item });
    });
    const data = into.images.subarray(0, batch.length * spec.image[0]! * area);
    const image = { dtype: "float32", dims: [batch.length, ...spec.image], data } as const;
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
