import { crc32, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodePng } from "./png.ts";

/** An independent reader: chunks checked with zlib's CRC, rows unfiltered by the specification's formulas. */
function decode(png: Uint8Array) {
  const bytes = Buffer.from(png);
  expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks: Record<string, Buffer> = {};
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)));
    chunks[bytes.toString("latin1", at + 4, at + 8)] = bytes.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  const [width, height] = [chunks["IHDR"].readUInt32BE(0), chunks["IHDR"].readUInt32BE(4)];
  const channels = chunks["IHDR"][9] === 2 ? 3 : 4;
  const filtered = inflateSync(chunks["IDAT"]);
  const pixels = new Uint8Array(width * height * channels);
  const row = width * channels;
  for (let i = 0; i < pixels.length; i++) {
    const y = Math.floor(i / row);
    const filter = filtered[y * (row + 1)];
    const left = i % row >= channels ? pixels[i - channels] : 0;
    const above = y > 0 ? pixels[i - row] : 0;
    pixels[i] = filtered[y * (row + 1) + 1 + (i % row)] + [0, left, above][filter];
  }
  return {
    width,
    height,
    channels,
    pixels,
    filters: Array.from({ length: height }, (_, y) => filtered[y * (row + 1)]),
  };
}

describe.each([3, 4])("%d channels", (channels) => {
  it.each([
    ["noise", (i: number) => (i * 7919) % 251],
    ["a ramp along the row", (i: number) => Math.floor(i / channels) % 5],
    ["equal rows", (i: number) => ((i % (5 * channels)) * 7919) % 251],
  ])("comes back: %s", (_, value) => {
    const pixels = Uint8Array.from({ length: 5 * 4 * channels }, (_, i) => value(i));
    expect(decode(encodePng(pixels, 5, 4))).toMatchObject({ width: 5, height: 4, channels, pixels });
  });
});

it("filters equal rows by the row above", () => {
  const pixels = Uint8Array.from({ length: 8 * 3 * 3 }, (_, i) => ((i % 24) * 7919) % 251);
  expect(decode(encodePng(pixels, 8, 3)).filters.slice(1)).toEqual([2, 2]);
});

it("refuses pixels that do not fit", () => {
  expect(() => encodePng(new Uint8Array(5), 1, 1)).toThrow("1 x 1 pixels need 3 or 4 bytes each, got 5 bytes");
});
