/**
 * @file A checkpoint: one safetensors file, so that it is there as a whole or not at all. It holds the weights of each
 * network under PyTorch keys ("M1.encoder1.0.conv1.weight"), Adam's moments, and how far the training is. Batches and
 * dropout are drawn from seeds that depend on the step alone, so this is all that an exact continuation needs.
 */

import { UserError } from "../error.ts";
import { joinParts, namedParts, type WeightPlan, type WeightSpec } from "../nn/scope.ts";
import type { Folder } from "../platform.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.ts";
import type { TrainState } from "./step.ts";

export interface Checkpoint {
  /** Steps of this phase that are done. */
  readonly step: number;
  /** What the run depends on, as text: a checkpoint of another recipe or other cases is refused. */
  readonly identity: string;
  /** Mean Dice that earned the weights their place, where one did. */
  readonly score?: number;
  /** Network id -> plan and state; a network that has not begun is absent. */
  readonly states: Readonly<Record<string, { readonly plan: WeightPlan; readonly state: TrainState }>>;
}

const MOMENTS = ["mean", "square", "largest"] as const;

export async function writeCheckpoint(folder: Folder, path: string, checkpoint: Checkpoint) {
  const { step, identity, states, score } = checkpoint;
  const tensors: Record<string, NamedTensor> = {};
  for (const [id, { plan, state }] of Object.entries(states)) {
    Object.assign(tensors, partsOf(id, plan.parameters, state.parameters), partsOf(id, plan.buffers, state.buffers));
    for (const name of MOMENTS) tensors[`${id}.adam.${name}`] = { shape: [state[name].length], data: state[name] };
  }
  const steps = Object.entries(states).map(([id, { state }]) => [`${id}.step`, String(state.step)]);
  const scored = score === undefined ? {} : { score: String(score) };
  const metadata = { step: String(step), identity, ...scored, ...Object.fromEntries(steps) };
  await folder.write(path, encodeSafetensors({ tensors, metadata }));
}

/** The parts of a flat vector under "id.key". */
function partsOf(id: string, specs: readonly WeightSpec[], flat: Float32Array): Record<string, NamedTensor> {
  const parts = namedParts(specs, flat);
  return Object.fromEntries(specs.map(({ key, shape }) => [`${id}.${key}`, { shape, data: parts[key]! }]));
}

/** Null when there is none. Throws `UserError` when it belongs to another recipe or other cases. */
export async function readCheckpoint(
  folder: Folder,
  path: string,
  expected: { identity: string; plans: Readonly<Record<string, WeightPlan>> },
): Promise<Checkpoint | null> {
  if (!(await folder.list()).includes(path)) return null;
  const { tensors, metadata } = decodeSafetensors(await folder.read(path), `${folder.name}/${path}`);
  if (metadata["identity"] !== expected.identity) {
    throw new UserError(
      `${folder.name}/${path} was made with another recipe or other cases; resume with those, or give another --out`,
    );
  }
  const join = (id: string, specs: readonly WeightSpec[]) =>
    joinParts(specs.map(({ key }) => tensors[`${id}.${key}`]!.data));
  const begun = Object.entries(expected.plans).filter(([id]) => metadata[`${id}.step`] !== undefined);
  const states = begun.map(([id, plan]) => {
    const moments = MOMENTS.map((name) => [name, tensors[`${id}.adam.${name}`]!.data] as const);
    const state = {
      parameters: join(id, plan.parameters),
      buffers: join(id, plan.buffers),
      ...Object.fromEntries(moments),
      step: Number(metadata[`${id}.step`]),
    };
    return [id, { plan, state: state as TrainState }] as const;
  });
  const { identity } = expected;
  const score = metadata["score"] === undefined ? {} : { score: Number(metadata["score"]) };
  return { step: Number(metadata["step"]), identity, ...score, states: Object.fromEntries(states) };
}
