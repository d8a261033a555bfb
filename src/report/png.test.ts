import { describe, expect, it } from "vitest";
import { decodePng } from "../../test/decode-png.ts";
import { encodePng } from "./png.ts";

describe.each([3, 4])("%d channels", (channels) => {
  it.each([
    ["noise", (i: number) => (i * 7919) % 251],
    ["a ramp along the row", (i: number) => Math.floor(i / channels) % 5],
    ["equal rows", (i: number) => ((i % (5 * channels)) * 7919) % 251],
  ])("comes back: %s", (_, value) => {
    const pixels = Uint8Array.from({ length: 5 * 4 * channels }, (_, i) => value(i));
    expect(decodePng(encodePng(pixels, { width: 5, height: 4 }))).toMatchObject({
      width: 5,
      height: 4,
      channels,
      pixels,
    });
  });
});

it("filters equal rows by the row above", () => {
  const pixels = Uint8Array.from({ length: 8 * 3 * 3 }, (_, i) => ((i % 24) * 7919) % 251);
  expect(decodePng(encodePng(pixels, { width: 8, height: 3 })).filters.slice(1)).toEqual([2, 2]);
});

it("refuses pixels that do not fit", () => {
  expect(() => encodePng(new Uint8Array(5), { width: 1, height: 1 })).toThrow(
    "1 x 1 pixels need 3 or 4 bytes each, got 5 bytes",
  );
});
