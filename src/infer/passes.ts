/** @file Passes over the slices of a case: decide for every window, then run each candidate on the windows that chose it. */

import { type BankModel, decisionOf } from "../danet/bank.ts";
import { type Choice, type Decision, decide } from "../danet/decision.ts";
import { groupByChoice } from "../danet/routing.ts";
import { copyWindow, type Slice, takeSlice } from "../volume/slice.ts";
import { addWindow, softmaxChannels } from "./assemble.ts";
import { CHUNK, type Plan } from "./plan.ts";
import { type Flip, mirror } from "./window.ts";

/** Slices [first, end) of the case. */
interface Chunk {
  readonly first: number;
  readonly end: number;
}

/** One mirror of the whole case. */
export interface Pass {
  readonly flip: Flip;
  /** Of every window, slice by slice. */
  readonly choices: readonly Choice[];
}

/** The chunks that a case is worked on in: only their slices are held besides the case itself. */
export function listChunks({ image }: Plan): Chunk[] {
  const depth = image.size[2];
  return Array.from({ length: Math.ceil(depth / CHUNK) }, (_, i) => ({
    first: i * CHUNK,
    end: Math.min((i + 1) * CHUNK, depth),
  }));
}

/** Windows of a slice; 1 in the full setting. */
export const countWindows = ({ windows }: Plan): number => windows?.length ?? 1;

/**
 * Eq. 2 for every window of one mirror, slice by slice. All images of zeros are one and the same input, and get the same
 * answer: the network is asked once a case, and the FLOPs count that once. On BraTS2021_01481 that is 390 of 2,480 windows.
 */
export async function decidePass(plan: Plan, flip: Flip, onChunk: (chunk: Chunk) => void): Promise<Decision[]> {
  const { batch, empty, image } = plan;
  const windows = countWindows(plan);
  const decisions = new Array<Decision>(image.size[2] * windows);
  let waiting: number[] = [];
  const flush = async () => {
    const decided = await runDecision(plan, waiting.length);
    for (const [slot, index] of waiting.entries()) decisions[index] = decided[slot];
    waiting = [];
  };
  for (const chunk of listChunks(plan)) {
    onChunk(chunk);
    const slices = takeSlices(plan, chunk, flip);
    const isBlank = slices.map(({ planes }) => planes.every(isZero));
    for (let index = chunk.first * windows; index < chunk.end * windows; index++) {
      const item = { slice: Math.floor(index / windows) - chunk.first, window: index % windows };
      const isEmpty =
        (isBlank[item.slice] && empty.decision !== undefined) || isZero(copyItem(plan, slices, item, waiting.length));
      if (isEmpty && empty.decision) {
        decisions[index] = empty.decision;
        if (isPlain(flip)) empty.reused++;
        continue;
      }
      waiting.push(index);
      if (isEmpty || waiting.length === batch) await flush();
      if (isEmpty) empty.decision = decisions[index];
    }
  }
  if (waiting.length > 0) await flush();
  return decisions;
}

/**
 * Runs the candidates that a mirror's windows in the chunk chose, and adds their weighted probabilities to `sums`,
 * [end - first, K, height, width].
 */
export async function runPass(plan: Plan, chunk: Chunk, { flip, choices, sums }: Pass & { sums: Float32Array }) {
  const [width, height] = plan.image.size;
  const windows = countWindows(plan);
  const own = choices.slice(chunk.first * windows, chunk.end * windows);
  if (own.every((choice) => choice === 0)) return;
  const work = { slices: takeSlices(plan, chunk, flip), sums };
  mirror(sums, { width, height }, flip);
  const groups = groupByChoice(own, plan.bank.candidates.length + 1);
  for (const [i, candidate] of plan.bank.candidates.entries()) {
    const items = groups[i + 1].map((index) => ({ slice: Math.floor(index / windows), window: index % windows }));
    await runCandidate(plan, work, { candidate, items });
  }
  mirror(sums, { width, height }, flip);
}

const isPlain = ({ x, y }: Flip): boolean => !x && !y;

/** The slices of the chunk; a mirror is a copy in the plan's buffer. */
function takeSlices({ image, mirrored }: Plan, { first, end }: Chunk, flip: Flip): Slice[] {
  const [width, height] = image.size;
  const slices = Array.from({ length: end - first }, (_, i) => takeSlice(image.channels, image.size, first + i));
  if (isPlain(flip)) return slices;
  const area = width * height;
  for (const [i, plane] of slices.flatMap(({ planes }) => planes).entries()) mirrored.set(plane, i * area);
  mirror(mirrored, { width, height }, flip);
  return slices.map((_, i) => {
    const first = i * image.channels.length;
    return {
      planes: image.channels.map((_, c) => mirrored.subarray((first + c) * area, (first + c + 1) * area)),
      width,
    };
  });
}

/** One window of one slice of a chunk. */
interface Item {
  readonly slice: number;
  readonly window: number;
}

/** Writes an item as image `slot` of the plan's input buffer, [C, H, W], and gives that part of it. */
function copyItem({ windows, batch, input }: Plan, slices: readonly Slice[], item: Item, slot: number): Float32Array {
  const slice = slices[item.slice];
  const place = input.subarray((slot * input.length) / batch, ((slot + 1) * input.length) / batch);
  if (windows !== null) copyWindow(slice, windows[item.window], place);
  else for (const [c, plane] of slice.planes.entries()) place.set(plane, c * plane.length);
  return place;
}

function isZero(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false;
  return true;
}

/** Decisions of the first `count` images of the input buffer. */
async function runDecision(plan: Plan, count: number): Promise<Decision[]> {
  const images = filled(plan, count);
  const logits = await runNetwork(plan, { model: decisionOf(plan.bank), stage: "decision", images, count });
  const actions = logits.length / count;
  return Array.from({ length: count }, (_, i) => decide(logits.subarray(i * actions, (i + 1) * actions)));
}

/** What a candidate reads and adds to. */
interface Work {
  readonly slices: readonly Slice[];
  readonly sums: Float32Array;
}

async function runCandidate(
  plan: Plan,
  work: Work,
  { candidate, items }: { candidate: BankModel; items: readonly Item[] },
): Promise<void> {
  for (let start = 0; start < items.length; start += plan.batch) {
    const batch = items.slice(start, start + plan.batch);
    for (const [slot, item] of batch.entries()) copyItem(plan, work.slices, item, slot);
    const images = filled(plan, batch.length);
    const maps = await runNetwork(plan, { model: candidate, stage: candidate.id, images, count: batch.length });
    addMaps(plan, work, { maps, batch, candidate });
  }
}

/** `maps` is [batch, K, H, W], the candidate's output. */
function addMaps(
  { bank, image, windows, weights }: Plan,
  { sums }: Work,
  { maps, batch, candidate }: { maps: Float32Array; batch: readonly Item[]; candidate: BankModel },
): void {
  const [width, height] = image.size;
  const volume = bank.labels.length * width * height;
  const length = maps.length / batch.length;
  if (candidate.output === "logits")
    softmaxChannels(maps, { classes: bank.labels.length, area: length / bank.labels.length });
  batch.forEach(({ slice, window }, i) => {
    const target = sums.subarray(slice * volume, (slice + 1) * volume);
    const map = maps.subarray(i * length, (i + 1) * length);
    if (windows !== null) addWindow({ sums: target, weights, width, height }, map, windows[window]);
    else for (let j = 0; j < length; j++) target[j] += map[j];
  });
}

/** The first `count` images of the input buffer. */
const filled = ({ input, batch }: Plan, count: number) => input.subarray(0, (count * input.length) / batch);

/** Output of a network for `count` images; the time goes to `stage`. */
export async function runNetwork(
  { networks, stopwatch, signal }: Plan,
  { model, stage, images, count }: { model: BankModel; stage: string; images: Float32Array; count: number },
): Promise<Float32Array> {
  signal?.throwIfAborted();
  const network = await stopwatch.time("load", () => networks.load(model));
  return stopwatch.time(stage, () => network(images, count));
}
