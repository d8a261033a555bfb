/** @file The browser of the tests: Debian's chromium, drawing in software. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** False, with a line, where no browser is installed. */
export function hasChromium(): boolean {
  if (executablePath === undefined) console.warn("skipped: the page in a browser, there is none (Debian: chromium)");
  return executablePath !== undefined;
}

/** No name is resolved but this machine's. `gpu`: with a software WebGPU adapter. */
export function launchChromium({ gpu = false } = {}): Promise<Browser> {
  const webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
  return chromium.launch({
    executablePath: executablePath!,
    args: [
      "--no-sandbox",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
      ...(gpu ? webgpu : []),
    ],
  });
}
