/** @file One pass over some slices: decide for every window, then run each candidate on the windows that chose it. */

import type { BankModel } from "../danet/bank.ts";
import { type Choice, type Decision, decide } from "../danet/decision.ts";
import { groupByChoice } from "../danet/routing.ts";
import { copyWindow } from "../volume/slice.ts";
import { addWindow, softmaxChannels } from "./assemble.ts";
import type { Plan } from "./plan.ts";
import { type Flip, mirror } from "./window.ts";

/** Slices [first, end) of the case, and the sums of their weighted probabilities, [end - first, K, height, width]. */
export interface Chunk {
  readonly first: number;
  readonly end: number;
  readonly sums: Float32Array;
}

/** A decision, or the choice of a forced policy. */
export type WindowChoice = Decision | { readonly choice: Choice };

/** One window of one slice of a chunk. */
interface Item {
  readonly slice: number;
  readonly window: number;
}

/** The chunk as one pass sees it, mirrored: `images` and `sums` are [slices, C or K, height, width]. */
interface Pass {
  readonly items: readonly Item[];
  readonly images: Float32Array;
  readonly sums: Float32Array;
  readonly unmirrored: boolean;
}

/** Adds one mirror of the chunk's slices to its sums. Gives the choice of every window, slice by slice. */
export async function runPass(plan: Plan, chunk: Chunk, flip: Flip): Promise<WindowChoice[]> {
  const [width, height] = plan.image.size;
  const pass: Pass = {
    items: listItems(chunk.end - chunk.first, plan.windows?.length ?? 1),
    images: takeSlices(plan, chunk, flip),
    sums: chunk.sums,
    unmirrored: !flip.x && !flip.y,
  };
  mirror(chunk.sums, { width, height }, flip);
  const choices = await decideItems(plan, pass);
  const groups = groupByChoice(
    choices.map(({ choice }) => choice),
    plan.bank.candidates.length + 1,
  );
  for (const [i, candidate] of plan.bank.candidates.entries())
    await runCandidate(plan, pass, { candidate, items: groups[i + 1].map((index) => pass.items[index]) });
  mirror(chunk.sums, { width, height }, flip);
  return choices;
}

const listItems = (slices: number, windows: number): Item[] =>
  Array.from({ length: slices * windows }, (_, i) => ({ slice: Math.floor(i / windows), window: i % windows }));

function takeSlices({ image, slices }: Plan, { first, end }: Chunk, flip: Flip): Float32Array {
  const [width, height] = image.size;
  const area = width * height;
  const images = slices.subarray(0, (end - first) * image.channels.length * area);
  let to = 0;
  for (let z = first; z < end; z++)
    for (const channel of image.channels) {
      images.set(channel.subarray(z * area, (z + 1) * area), to);
      to += area;
    }
  mirror(images, { width, height }, flip);
  return images;
}

/** Writes an item as image `slot` of the plan's input buffer, [C, H, W], and gives that part of it. */
function copyItem({ image, windows, batch, input }: Plan, { images }: Pass, item: Item, slot: number): Float32Array {
  const [width, height] = image.size;
  const length = image.channels.length * width * height;
  const data = images.subarray(item.slice * length, (item.slice + 1) * length);
  const place = input.subarray((slot * input.length) / batch, ((slot + 1) * input.length) / batch);
  if (windows === null) place.set(data);
  else
    copyWindow({ dims: [image.channels.length, height, width], data }, windows[item.window], {
      data: place,
      offset: 0,
    });
  return place;
}

/**
 * Eq. 2 for every item. All images of zeros are one and the same input, and get the same answer: the network is asked
 * once a case, and the FLOPs count that once. On BraTS2021_01481 that is 390 of 2,480 windows.
 */
async function decideItems(plan: Plan, pass: Pass): Promise<WindowChoice[]> {
  const { forced, batch, empty } = plan;
  if (forced !== null) return pass.items.map(() => ({ choice: forced }));
  const decisions = new Array<Decision>(pass.items.length);
  let waiting: number[] = [];
  const flush = async () => {
    const decided = await runDecision(plan, waiting.length);
    waiting.forEach((index, slot) => {
      decisions[index] = decided[slot];
    });
    waiting = [];
  };
  for (const [index, item] of pass.items.entries()) {
    const isEmpty = isZero(copyItem(plan, pass, item, waiting.length));
    if (isEmpty && empty.decision) {
      decisions[index] = empty.decision;
      if (pass.unmirrored) empty.reused++;
      continue;
    }
    waiting.push(index);
    if (isEmpty || waiting.length === batch) await flush();
    if (isEmpty) empty.decision = decisions[index];
  }
  if (waiting.length > 0) await flush();
  return decisions;
}

function isZero(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false;
  return true;
}

/** Decisions of the first `count` images of the input buffer. */
async function runDecision(plan: Plan, count: number): Promise<Decision[]> {
  const logits = await runNetwork(plan, { model: plan.bank.decision, stage: "decision", count });
  const actions = logits.length / count;
  return Array.from({ length: count }, (_, i) => decide(logits.subarray(i * actions, (i + 1) * actions)));
}

async function runCandidate(
  plan: Plan,
  pass: Pass,
  { candidate, items }: { candidate: BankModel; items: readonly Item[] },
): Promise<void> {
  for (let start = 0; start < items.length; start += plan.batch) {
    const batch = items.slice(start, start + plan.batch);
    batch.forEach((item, slot) => {
      copyItem(plan, pass, item, slot);
    });
    const maps = await runNetwork(plan, { model: candidate, stage: candidate.id, count: batch.length });
    addMaps(plan, pass, { maps, batch, candidate });
  }
}

/** `maps` is [batch, K, H, W], the candidate's output. */
function addMaps(
  { bank, image, windows, weights }: Plan,
  { sums }: Pass,
  { maps, batch, candidate }: { maps: Float32Array; batch: readonly Item[]; candidate: BankModel },
): void {
  const [width] = image.size;
  const classes = bank.labels.length;
  const length = maps.length / batch.length;
  if (candidate.output === "logits") softmaxChannels(maps, { classes, area: length / classes });
  batch.forEach(({ slice, window }, i) => {
    const slot = slice * classes * weights.length;
    const target = sums.subarray(slot, slot + classes * weights.length);
    const map = maps.subarray(i * length, (i + 1) * length);
    if (windows !== null) addWindow({ sums: target, weights, width }, map, windows[window]);
    else for (let j = 0; j < length; j++) target[j] += map[j];
  });
}

/** Output of a network for the first `count` images of the input buffer; the time goes to `stage`. */
async function runNetwork(
  plan: Plan,
  { model, stage, count }: { model: BankModel; stage: string; count: number },
): Promise<Float32Array> {
  const { networks, stopwatch, input, batch, signal } = plan;
  signal?.throwIfAborted();
  const network = await stopwatch.time("load", () => networks.load(model));
  return stopwatch.time(stage, () => network(input.subarray(0, (count * input.length) / batch), count));
}
