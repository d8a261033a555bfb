/** @file Where the page and what it fetches lie: in the package, and in the bank that is served. */

import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { PageFolders } from "../../server/serve-page.ts";
import { packaged } from "../packaged.ts";

/** The built page with the given bank. */
export const locatePage = (bank: string): PageFolders => ({
  app: packaged("dist/app"),
  bank: resolve(bank),
  sample: packaged("examples/BraTS2021_01481"),
  engine: dirname(createRequire(import.meta.url).resolve("onnxruntime-web")),
});
