/** @file How long a work will still take. */

import type { Progress } from "../platform.ts";

/** From 0 to 1. */
export const shareOf = ({ done, total, share = done / total }: Progress): number => share;

/**
 * A function that is shown each progress and gives the seconds that are left of its stage, if the rest goes as fast as what
 * it has seen of it; undefined before there is anything to go by. A resumed work starts with a part done. `now` is in
 * milliseconds.
 */
export function createForecast(now: () => number = () => performance.now()) {
  let stage: string | undefined;
  let start = { time: 0, share: 0 };
  return (progress: Progress): number | undefined => {
    const [time, share] = [now(), shareOf(progress)];
    if (progress.stage !== stage) {
      stage = progress.stage;
      start = { time, share };
    }
    const seconds = ((1 - share) * (time - start.time)) / (share - start.share) / 1000;
    return Number.isFinite(seconds) ? seconds : undefined;
  };
}
