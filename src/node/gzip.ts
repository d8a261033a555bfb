/** @file `Gzip` by node:zlib, off the main thread. */

import { promisify } from "node:util";
import { gunzip, gzip, type ZlibOptions } from "node:zlib";
import type { Gzip } from "../platform.ts";
import { plain } from "./folder.ts";

const inflate = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);
const deflate = promisify<Uint8Array, Buffer>(gzip);

/** `inflate` rejects when the data are cut short or damaged ("unexpected end of file", "incorrect data check"). */
export const nodeGzip: Gzip = {
  inflate: async (bytes) => plain(await inflate(bytes, { chunkSize: pieceSize(bytes) })),
  deflate: async (bytes) => plain(await deflate(bytes)),
};

const [LEAST, MOST] = [1 << 14, 1 << 26];

/**
 * Bytes that zlib hands over at a time: all of them, by the length that the last four bytes of a gzip file tell (modulo
 * 2^32; never trusted beyond 64 MiB). In the default 16 KB a 240x240x155 volume costs a thousand calls and twice the time.
 */
function pieceSize(bytes: Uint8Array): number {
  const told =
    bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
  return Math.min(Math.max(told + 1, LEAST), MOST);
}
