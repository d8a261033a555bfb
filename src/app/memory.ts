/** @file A case where the browser's memory is short: the same work with fewer images at a time. */

import { UserError } from "../error.ts";

/** Images of one run of a network. */
const BATCHES = [8, 1] as const;

interface Means {
  /** Frees what a failed attempt holds. */
  readonly release: () => Promise<void>;
  readonly onNote: (line: string) => void;
}

/** Does `work` with the first batch that memory is enough for. Throws `UserError` where it is for none. */
export async function fitMemory<T>(
  work: (batch: number) => Promise<T>,
  means: Means,
  batches: readonly number[] = BATCHES,
): Promise<T> {
  const [batch, ...fewer] = batches;
  try {
    return await work(batch);
  } catch (error) {
    if (!isMemoryShort(error as Error)) throw error;
  }
  await means.release();
  if (fewer.length === 0)
    throw new UserError("the browser has too little memory for this case; close other pages and try again");
  means.onNote("Memory is short: going on with one window at a time");
  return fitMemory(work, means, fewer);
}

/** In words of V8 and of onnxruntime-web 1.30, which has others for more than is left, than 4 GB, than a tensor may have. */
const isMemoryShort = ({ name, message }: Error): boolean =>
  name === "RangeError" || /out of memory|bad_alloc|allocat|memory access|integer overflow|too large/i.test(message);
