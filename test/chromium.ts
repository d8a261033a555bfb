/** @file The browser of the tests: the Chromium of `bench`. */

import type { Browser } from "playwright-core";
import { findChromium, launchChromium as launch } from "../src/cli/bench/chromium.ts";

/** False, with a line, where no browser is installed. */
export function hasChromium(): boolean {
  const found = findChromium() !== undefined;
  if (!found) console.warn("skipped: the page in a browser, there is none (Debian: chromium)");
  return found;
}

/** `gpu`: with a software WebGPU adapter. */
export async function launchChromium({ gpu = false } = {}): Promise<Browser> {
  const webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
  return (await launch(findChromium()!, gpu ? webgpu : []))!;
}
