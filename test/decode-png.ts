/** @file A PNG reader for tests, independent of the writer: CRCs by zlib, rows unfiltered by the specification's formulas (filters 0 to 2). */

import { crc32, inflateSync } from "node:zlib";

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
  /** The filter of each row. */
  readonly filters: readonly number[];
}

export function decodePng(png: Uint8Array): DecodedPng {
  const chunks = readChunks(Buffer.from(png));
  const [width, height] = [chunks["IHDR"].readUInt32BE(0), chunks["IHDR"].readUInt32BE(4)];
  const channels = chunks["IHDR"][9] === 2 ? 3 : 4;
  const filtered = inflateSync(chunks["IDAT"]);
  const row = width * channels;
  const filters = Array.from({ length: height }, (_, y) => filtered[y * (row + 1)]);
  const pixels = new Uint8Array(height * row);
  for (let i = 0; i < pixels.length; i++) {
    const y = Math.floor(i / row);
    const left = i % row >= channels ? pixels[i - channels] : 0;
    const above = y > 0 ? pixels[i - row] : 0;
    pixels[i] = filtered[i + y + 1] + [0, left, above][filters[y]];
  }
  return { width, height, channels, pixels, filters };
}

function readChunks(bytes: Buffer): Record<string, Buffer> {
  if (bytes.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") throw new Error("not a PNG");
  const chunks: Record<string, Buffer> = {};
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    if (bytes.readUInt32BE(at + 8 + length) !== crc32(body)) throw new Error("wrong CRC");
    chunks[body.toString("latin1", 0, 4)] = body.subarray(4);
    at += 12 + length;
  }
  return chunks;
}
