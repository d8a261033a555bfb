/** @file A model of another tool as a candidate of a bank: read, counted, tried, written beside the others. */

import { type Bank, type BankModel, type NewBank, type UnhashedModel, writeBank } from "../../danet/bank.ts";
import { UserError } from "../../error.ts";
import { cost } from "../../graph/cost.ts";
import { type OnnxGraph, readOnnx } from "../../graph/onnx-read.ts";
import { renameValues } from "../../graph/onnx-rename.ts";
import { BATCH, count, nodesOf, type Value } from "../../graph/value.ts";
import type { Runtime } from "../../platform.ts";

/** What a bank's sessions take and give. */
const IMAGE = "image";

interface Addition {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly name: string;
  readonly runtime: Runtime;
}

/**
 * Writes the bank with one more candidate and without its decision network, which has no choice for it. The file keeps
 * its graph; input and output get the names that banks use. Throws `UserError` for a model that does not fit.
 */
export async function addModel(bank: Bank, addition: Addition): Promise<BankModel> {
  const { id, bytes, name } = addition;
  const file = `${id}.onnx`;
  const present = await bank.folder.list();
  if (present.includes(file)) throw new UserError(`${bank.folder.name}: ${file} is there already; give another --id`);
  const graph = readOnnx(bytes, name);
  const { input, output } = endsOf(graph, bank, name);
  const kind = await findKind(bank, { ...addition, input, output });
  const renamed = renameValues(bytes, { [input]: IMAGE, [output]: kind });
  const added: UnhashedModel = {
    ...{ id, network: "onnx", config: {}, file, output: kind },
    ...{ parameters: countParameters(graph), flops: cost(Object.values(graph.outputs)) },
  };
  const { sha256: _, folder, decision, expectedDice, labelRatio, ...manifest } = bank;
  const candidates = [...manifest.candidates, added].sort((a, b) => a.flops.paper - b.flops.paper);
  const models: Record<string, Uint8Array> = { [file]: renamed };
  for (const one of manifest.candidates) models[one.file] = await folder.read(one.file);
  const extended: NewBank = { ...manifest, candidates };
  await writeBank(folder, extended, models);
  return added as BankModel;
}

/** The names of the one input and the one output, whose shapes must be the bank's. */
function endsOf({ inputs, outputs }: OnnxGraph, bank: Bank, name: string): { input: string; output: string } {
  const describe = (values: Readonly<Record<string, Value>>) =>
    Object.values(values).map(
      ({ dtype, shape }) => `${dtype} [${shape.map((n) => (n === BATCH ? "N" : n)).join(", ")}]`,
    );
  const wanted = (channels: number) => `float32 [${["N", channels, ...bank.inputSize].join(", ")}]`;
  const [takes, gives] = [describe(inputs).join(" and "), describe(outputs).join(" and ")];
  const [mustTake, mustGive] = [wanted(bank.channels.length), wanted(bank.labels.length)];
  if (takes !== mustTake || gives !== mustGive)
    throw new UserError(
      `${name}: a candidate of ${bank.folder.name} must take ${mustTake} and give ${mustGive}; it takes ${takes} and gives ${gives}`,
    );
  return { input: Object.keys(inputs)[0]!, output: Object.keys(outputs)[0]! };
}

/** Runs the model on two images of numbers from -1 to 1: probabilities sum to 1 over the classes, else they are logits. */
async function findKind(
  bank: Bank,
  { bytes, name, runtime, input, output }: Addition & { input: string; output: string },
): Promise<BankModel["output"]> {
  const dims = [2, bank.channels.length, ...bank.inputSize];
  const data = Float32Array.from({ length: count(dims) }, (_, i) => Math.sin(i));
  const session = await runtime.load(bytes).catch((error: Error) => {
    throw new UserError(`${name}: ${runtime.name} must be able to load it; ${error.message.split("\n")[0]}`);
  });
  const results = await session.run({ [input]: { dtype: "float32", dims, data } });
  await session.release();
  const values = results[output]!.data as Float32Array;
  if (!values.every(Number.isFinite)) throw new UserError(`${name}: its output must be finite, found NaN or infinity`);
  const area = count(bank.inputSize);
  const classes = bank.labels.map((_, k) => values.subarray(k * area, (k + 1) * area));
  const sums = classes[0]!.map((_, i) => classes.reduce((sum, own) => sum + own[i]!, 0));
  const areProbabilities = values.every((p) => p >= 0) && sums.every((sum) => Math.abs(sum - 1) < 1e-3);
  return areProbabilities ? "probabilities" : "logits";
}

/** Numbers of its weights: float32 constants that the outputs depend on. */
function countParameters({ outputs }: OnnxGraph): number {
  const constants = new Set(nodesOf(Object.values(outputs)).flatMap(({ inputs }) => inputs.filter(isWeight)));
  return [...constants].reduce((sum, { shape }) => sum + count(shape), 0);
}

const isWeight = ({ source, dtype }: Value) => source.kind === "constant" && dtype === "float32";
