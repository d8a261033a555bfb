/** @file A Chromium without a screen, driven by playwright-core, which comes with the sources only. */

import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Undefined where none is installed in its usual place. */
export const findChromium = (): string | undefined => places.find(existsSync);

/** Draws in software and resolves no name but this machine's. Null where playwright-core is not installed. */
export async function launchChromium(executablePath: string, more: readonly string[] = []): Promise<Browser | null> {
  const playwright = await import("playwright-core").catch(() => null);
  if (!playwright) return null;
  const drawing = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
  const closed = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost";
  return playwright.chromium.launch({ executablePath, args: ["--no-sandbox", ...drawing, closed, ...more] });
}
