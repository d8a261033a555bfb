/** @file ONNX Runtime's session as the project's `Session`; native and WASM builds share the interface. */

import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-web";
import type { Carry, CarryingSession, Session, Tensor } from "./platform.ts";

/** Results are plain arrays that nothing else holds: garbage as soon as the caller drops them. */
export function wrapSession(session: InferenceSession, Constructor: TensorConstructor): Session {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds, only = session.outputNames) =>
      mapValues(await session.run(mapValues(feeds, toOrt(Constructor)), only), fromOrt),
    release: () => session.release(),
  };
}

const toOrt =
  (Constructor: TensorConstructor) =>
  ({ dtype, data, dims }: Tensor) =>
    new Constructor(dtype as "float32", data as Float32Array, dims);

/** Carries in the memory of the process. */
export function carryOnHost(session: Session, carry: Carry): CarryingSession {
  let held: Record<string, Tensor> = {};
  return {
    ...session,
    run: async (feeds, only = session.outputNames) => {
      const results = await session.run({ ...feeds, ...held }, withCarried(only, carry));
      held = mapValues(carry, (output) => results[output]!);
      return pick(results, only);
    },
    carried: async () => held,
  };
}

/**
 * Carries tensors of the device: `session` must be made with a `preferredOutputLocation` there for every carried output,
 * and `download` copies such a tensor into an array.
 */
export function carryOnDevice(
  session: InferenceSession,
  Constructor: TensorConstructor,
  { carry, download }: { carry: Carry; download: (tensor: OrtTensor) => Promise<Tensor["data"]> },
): CarryingSession {
  let held: Record<string, OrtTensor> = {};
  return {
    ...wrapSession(session, Constructor),
    run: async (feeds, only = session.outputNames) => {
      const results = await session.run({ ...mapValues(feeds, toOrt(Constructor)), ...held }, withCarried(only, carry));
      for (const tensor of Object.values(held)) tensor.dispose();
      held = mapValues(carry, (output) => results[output]!);
      return mapValues(pick(results, only), fromOrt);
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

const withCarried = (only: readonly string[], carry: Carry) => [...new Set([...only, ...Object.values(carry)])];

const pick = <T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, record[name]!]));

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

const fromOrt = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as Tensor["dtype"],
  dims,
  data: data as Float32Array,
});
