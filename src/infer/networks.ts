/** @file The bank's networks as functions from a batch of images to numbers, each loaded when it is first asked for. */

import type { Bank, BankModel } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import type { Runtime, Session } from "../platform.ts";

/** `images` is [count, C, H, W], or [count, C, D, H, W]; the result belongs to the caller. */
type Network = (images: Float32Array, count: number) => Promise<Float32Array>;

export interface Networks {
  /** For reports: "onnxruntime-node 1.30.0". */
  readonly runtime: string;
  readonly device: string;
  load(model: BankModel): Promise<Network>;
  /** Frees all that was loaded. */
  release(): Promise<void>;
}

/** Input of every network, [N, C, H, W] or [N, C, D, H, W] float32. */
const IMAGE = "image";

/** Networks of a bank on a runtime. A model that does not fit the bank is a `UserError` that says what was expected. */
export function openNetworks(bank: Bank, runtime: Runtime): Networks {
  const loaded = new Map<string, Promise<Session>>();
  return {
    runtime: runtime.name,
    device: runtime.device,
    load: async (model) => {
      if (!loaded.has(model.id)) loaded.set(model.id, loadSession(bank, runtime, model));
      const session = await loaded.get(model.id)!;
      return (images, count) => runSession(session, { bank, model, images, count });
    },
    release: async () => {
      const sessions = await Promise.allSettled(loaded.values());
      loaded.clear();
      for (const session of sessions) if (session.status === "fulfilled") await session.value.release();
    },
  };
}

async function loadSession(bank: Bank, runtime: Runtime, model: BankModel): Promise<Session> {
  const onnx = await bank.folder.read(model.file);
  const session = await runtime.load(onnx).catch((error: Error) => misfit(bank, model, error.message));
  const { inputNames, outputNames } = session;
  if (inputNames.join() !== IMAGE || !outputNames.includes(model.output)) {
    misfit(bank, model, `it takes ${quote(inputNames)} and gives ${quote(outputNames)}`);
  }
  return session;
}

interface Job {
  readonly bank: Bank;
  readonly model: BankModel;
  readonly images: Float32Array;
  readonly count: number;
}

async function runSession(session: Session, { bank, model, images, count }: Job): Promise<Float32Array> {
  const image = { dtype: "float32", dims: [count, ...imageShape(bank, model)], data: images } as const;
  const results = await session
    .run({ [IMAGE]: image }, [model.output])
    .catch((error: Error) => misfit(bank, model, error.message));
  const { dims, dtype, data } = results[model.output]!;
  const expected = [count, ...outputShape(bank, model)];
  if (dims.join() !== expected.join() || dtype !== "float32") {
    misfit(bank, model, `its output is ${dtype} [${dims.join(", ")}] for ${count} images`);
  }
  return data as Float32Array;
}

/** [H, W], or [D, H, W] */
const sizeOf = ({ inputSize }: Bank, { depth }: BankModel) => (depth === undefined ? inputSize : [depth, ...inputSize]);
const imageShape = (bank: Bank, model: BankModel) => [bank.channels.length, ...sizeOf(bank, model)];
const outputShape = (bank: Bank, model: BankModel) =>
  model === bank.decision ? [bank.candidates.length + 1] : [bank.labels.length, ...sizeOf(bank, model)];
const quote = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

function misfit(bank: Bank, model: BankModel, found: string): never {
  const shape = (sizes: readonly number[]) => `[${["N", ...sizes].join(", ")}]`;
  throw new UserError(
    `${bank.folder.name}: ${model.file} of "${model.id}" must take "${IMAGE}" float32 ${shape(imageShape(bank, model))} and give ` +
      `"${model.output}" ${shape(outputShape(bank, model))}; ${found.split("\n")[0]}`,
  );
}
