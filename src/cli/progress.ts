/** @file Progress for people: a bar with the remaining time on a terminal, a line now and then elsewhere. */

import type { Progress } from "../platform.ts";
import { createForecast, shareOf } from "../report/forecast.ts";

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressDisplay {
  report(progress: Progress): void;
  /** Removes the bar, so that a line can be printed in its place. */
  clear(): void;
}

const BAR = 24;
/** Milliseconds between two drawings on a terminal, and between two lines elsewhere. */
const REDRAW = 100;
const NEXT_LINE = 15_000;

/** `now` is in milliseconds. */
export function createProgress(output: Output, now: () => number = () => performance.now()): ProgressDisplay {
  let stage = "";
  const secondsLeft = createForecast(now);
  let shown = now();
  let isDrawn = false;
  const clear = () => {
    if (isDrawn) output.write("\r\x1b[K");
    isDrawn = false;
  };
  const report = (progress: Progress) => {
    const left = secondsLeft(progress);
    if (progress.stage !== stage) {
      stage = progress.stage;
      if (output.isTTY) shown = Number.NEGATIVE_INFINITY; // a new stage is drawn at once
    }
    const isLast = progress.done >= progress.total;
    if (isLast && output.isTTY) return clear();
    if (isLast || now() - shown < (output.isTTY ? REDRAW : NEXT_LINE)) return;
    shown = now();
    const line = describe(progress, left);
    if (!output.isTTY) {
      output.write(`${line}\n`);
      return;
    }
    const drawn = `${drawBar(progress)} ${line}`;
    output.write(`\r\x1b[K${drawn.slice(0, (output.columns ?? 80) - 1)}`);
    isDrawn = true;
  };
  return { report, clear };
}

function drawBar(progress: Progress): string {
  const full = Math.round(BAR * shareOf(progress));
  return "█".repeat(full) + "░".repeat(BAR - full);
}

/** "case 1: slices 32 of 155, 0:41 left" */
function describe({ stage, done, total }: Progress, seconds: number | undefined): string {
  return `${stage} ${done} of ${total}${seconds === undefined ? "" : `, ${formatDuration(seconds)} left`}`;
}

/** "0:41", "12:05", "3:00:12" */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}
