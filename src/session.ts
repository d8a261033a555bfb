/** @file ONNX Runtime's session as the project's `Session`; native and WASM builds share the interface. */

import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-web";
import type { Session, Tensor } from "./platform.ts";

interface Binding {
  readonly Tensor: TensorConstructor;
  /** Whether `run` writes into outputs that it is given. */
  readonly writesGivenOutputs: boolean;
}

/** Results are plain arrays that nothing else holds: garbage as soon as the caller drops them. */
export function wrapSession(session: InferenceSession, { Tensor: Constructor, writesGivenOutputs }: Binding): Session {
  const toOrt = ({ dtype, data, dims }: Tensor) => new Constructor(dtype as "float32", data as Float32Array, dims);
  const toFetch = (tensor: Tensor | null) => (tensor !== null && writesGivenOutputs ? toOrt(tensor) : null);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds, outputs = {}) => {
      const results = await session.run(mapValues(feeds, toOrt), mapValues(outputs, toFetch));
      return mapValues(results, (result, name) => {
        const into = outputs[name];
        if (!into) return fromOrt(result);
        return writesGivenOutputs ? into : copyInto(into, result);
      });
    },
    release: () => session.release(),
  };
}

const mapValues = <A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> => Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

const fromOrt = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as Tensor["dtype"],
  dims,
  data: data as Float32Array,
});

function copyInto(into: Tensor, { dims, data }: OrtTensor): Tensor {
  if (into.data.length !== data.length) {
    throw new Error(`run: the output has shape [${dims.join(", ")}], the given tensor [${into.dims.join(", ")}]`);
  }
  (into.data as Float32Array).set(data as Float32Array);
  return into;
}
