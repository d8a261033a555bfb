import { expect, it } from "vitest";
import { decodePng } from "../../test/decode-png.ts";
import { encodePng } from "./png.ts";

it.each([
  ["noise", (i: number) => (i * 7919) % 251],
  ["a ramp along the row", (i: number) => Math.floor(i / 3) % 5],
  ["equal rows", (i: number) => ((i % (5 * 3)) * 7919) % 251],
])("comes back: %s", (_, value) => {
  const picture = { width: 5, height: 4, pixels: Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => value(i)) };
  expect(decodePng(encodePng(picture))).toMatchObject({ ...picture, channels: 3 });
});

it("filters equal rows by the row above", () => {
  const pixels = Uint8Array.from({ length: 8 * 3 * 3 }, (_, i) => ((i % 24) * 7919) % 251);
  expect(decodePng(encodePng({ width: 8, height: 3, pixels })).filters.slice(1)).toEqual([2, 2]);
});
