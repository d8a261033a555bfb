/** @file Files that come with this package. */

import { fileURLToPath } from "node:url";

/** `path` is relative to the package, "banks/brats"; sources and built files are as deep in it. */
export const packaged = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
