/** @file ONNX Runtime's session as the project's `Session`; native and WASM builds share the interface. */

import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-web";
import type { Carry, CarryingSession, Session, Tensor } from "./platform.ts";

export interface Binding {
  readonly Tensor: TensorConstructor;
  /** Whether `run` writes into outputs that it is given. */
  readonly writesGivenOutputs: boolean;
}

/** Results are plain arrays that nothing else holds: garbage as soon as the caller drops them. */
export function wrapSession(session: InferenceSession, binding: Binding): Session {
  const { writesGivenOutputs } = binding;
  const { toOrt, toFetch } = conversions(binding);
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

function conversions({ Tensor: Constructor, writesGivenOutputs }: Binding) {
  const toOrt = ({ dtype, data, dims }: Tensor) => new Constructor(dtype as "float32", data as Float32Array, dims);
  const toFetch = (tensor: Tensor | null) => (tensor !== null && writesGivenOutputs ? toOrt(tensor) : null);
  return { toOrt, toFetch };
}

/**
 * Carries through two sets of arrays in turns: the runtime reads one and writes the other. The first set is the memory of
 * the first run's inputs.
 */
export function carryOnHost(session: Session, carry: Carry): CarryingSession {
  let sets: readonly Record<string, Tensor>[] = [];
  return {
    ...session,
    run: async (feeds, outputs = {}) => {
      if (sets.length === 0) sets = [pick(feeds, carry), mapValues(pick(feeds, carry), copyOf)];
      const [now, next] = sets as [Record<string, Tensor>, Record<string, Tensor>];
      const into = Object.fromEntries(Object.entries(carry).map(([input, output]) => [output, next[input]!]));
      const results = await session.run({ ...feeds, ...now }, { ...outputs, ...into });
      sets = [next, now];
      return pick(results, outputs);
    },
    carried: async () => sets[0]!,
  };
}

/**
 * Carries tensors of the device: `session` must be made with a `preferredOutputLocation` there for every carried output,
 * and `download` copies such a tensor into an array.
 */
export function carryOnDevice(
  session: InferenceSession,
  binding: Binding,
  { carry, download }: { carry: Carry; download: (tensor: OrtTensor) => Promise<Tensor["data"]> },
): CarryingSession {
  const { toOrt, toFetch } = conversions(binding);
  let held: Record<string, OrtTensor> = {};
  return {
    ...wrapSession(session, binding),
    run: async (feeds, outputs = {}) => {
      const into = Object.fromEntries(Object.values(carry).map((output) => [output, null]));
      const results = await session.run(
        { ...mapValues(feeds, toOrt), ...held },
        { ...mapValues(outputs, toFetch), ...into },
      );
      for (const tensor of Object.values(held)) tensor.dispose();
      held = mapValues(carry, (output) => results[output]!);
      return mapValues(pick(results, outputs), fromOrt);
    },
    carried: async () => {
      const copies = Object.entries(held).map(async ([name, tensor]) => {
        const { type, dims } = tensor;
        return [name, { dtype: type as Tensor["dtype"], dims, data: await download(tensor) }] as const;
      });
      return Object.fromEntries(await Promise.all(copies));
    },
    release: async () => {
      for (const tensor of Object.values(held)) tensor.dispose();
      await session.release();
    },
  };
}

/** The entries of `record` whose keys `keys` has. */
const pick = <T>(record: Readonly<Record<string, T>>, keys: object): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => Object.hasOwn(keys, key)));

const copyOf = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.slice() });

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
