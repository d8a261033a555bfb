/** @file `Gzip` by node:zlib, off the main thread. */

import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Gzip } from "../platform.ts";
import { plain } from "./folder.ts";

const inflate = promisify(gunzip);
const deflate = promisify<Uint8Array, Buffer>(gzip);

/** `inflate` rejects when the data are cut short or damaged ("unexpected end of file", "incorrect data check"). */
export const nodeGzip: Gzip = {
  inflate: async (bytes) => plain(await inflate(bytes)),
  deflate: async (bytes) => plain(await deflate(bytes)),
};
