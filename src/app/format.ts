/** @file Numbers and colours as the page writes them. */

import type { Colour } from "../report/colour.ts";

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** "9 s", "2 min 05 s". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

export const css = ([red, green, blue]: Colour): string =>
  `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
