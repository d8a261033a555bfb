/** @file Trained weights as the ONNX file of a bank. */

import { writeOnnx } from "../graph/onnx.ts";
import { cast, mul } from "../graph/ops/elementwise.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { BATCH, constant, count, input, type Shape, type Value } from "../graph/value.ts";
import { buildNetwork, type NetworkSpec } from "../nets/network.ts";
import { inferenceScope, namedParts, plainWeights, type WeightPlan, type Weights } from "../nn/scope.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainState } from "./step.ts";

/** Weights and running statistics by key; they share the state's memory. */
export const weightsOf = (plan: WeightPlan, state: TrainState): Weights => ({
  ...namedParts(plan.parameters, state.parameters),
  ...namedParts(plan.buffers, state.buffers),
});

/**
 * Input "image" [N, C, H, W]; output "probabilities" [N, classes, H, W] of a candidate, "logits" [N, choices] of a
 * decision network.
 */
export function exportNetwork(
  spec: NetworkSpec,
  weights: Weights,
  { storage, version = "" }: { storage: Recipe["storage"]; version?: string },
): Uint8Array {
  const scope = inferenceScope(storage === "int8" ? int8Weights(weights) : plainWeights(weights));
  const logits = buildNetwork(spec, scope, input("image", [BATCH, ...spec.image]));
  const outputs = spec.network.task === "segment" ? { probabilities: softmax(logits, 1) } : { logits };
  return writeOnnx(outputs, version);
}

/**
 * Weights of two and more dimensions as int8 with one scale a row of the first axis: w = scale q, |q| <= 127. Cast and
 * Mul of constants are folded when the file is loaded, so that nothing is paid at run time.
 */
function int8Weights(weights: Weights): (key: string, shape: Shape) => Value {
  const plain = plainWeights(weights);
  return (key, shape) => {
    if (shape.length < 2) return plain(key, shape);
    const axis = shape[0] === 1 ? 1 : 0; // a position embedding is [1, tokens, width]
    const rows = shape[axis]!;
    const data = weights[key]!;
    const perRow = count(shape) / rows;
    const scales = new Float32Array(rows);
    const quantized = new Int8Array(data.length);
    for (let row = 0; row < rows; row++) {
      const part = data.subarray(row * perRow, (row + 1) * perRow);
      const largest = part.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      scales[row] = largest / 127;
      if (largest > 0)
        for (let i = 0; i < perRow; i++) quantized[row * perRow + i] = Math.round((part[i]! * 127) / largest);
    }
    const scaleShape = shape.map((n, i) => (i === axis ? n : 1));
    return mul(
      cast(constant(quantized, shape, `${key}.int8`), "float32"),
      constant(scales, scaleShape, `${key}.scale`),
    );
  };
}
