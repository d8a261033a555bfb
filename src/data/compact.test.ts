import { expect, test } from "vitest";
import { expandCase } from "../../test/expand-case.ts";
import { UserError } from "../error.ts";
import { createRandom } from "../random.ts";
import { compactCase, decodePrepared, encodePrepared, type FrameCase } from "./compact.ts";

/** 5 x 4 x 3 voxels, two channels; content in x 1..3, y 2..3, z 1..1, the truth reaches one voxel further in z. */
function makeCase(): FrameCase {
  const random = createRandom(1);
  const [a, b, truth] = [new Float32Array(60), new Float32Array(60), new Uint8Array(60)];
  for (let y = 2; y <= 3; y++) for (let x = 1; x <= 3; x++) a[x + 5 * (y + 4)] = random.normal();
  b[2 + 5 * (3 + 4)] = -12.5;
  truth[2 + 5 * (2 + 4 * 2)] = 3;
  return { id: "one", size: [5, 4, 3], channels: [a, b], truth };
}

test("keeps the box of the content, and nothing else", () => {
  const compact = compactCase(makeCase());
  expect(compact.box).toEqual({ start: [1, 2, 1], size: [3, 2, 2] });
  expect(compact.voxels).toHaveLength(2 * 3 * 2 * 2);
  expect(compact.steps[1]).toBe(12.5 / 32767);
});

test("comes back within half a step, the truth exactly", () => {
  const source = makeCase();
  const compact = compactCase(source);
  const back = expandCase(compact);
  expect(back).toMatchObject({ id: "one", size: [5, 4, 3], truth: source.truth });
  back.channels.forEach((channel, c) => {
    channel.forEach((value, i) => {
      expect(Math.abs(value - source.channels[c][i])).toBeLessThanOrEqual(compact.steps[c] * 0.5001);
    });
  });
});

test("a case without truth, and an empty one", () => {
  const { truth: _, ...blind } = makeCase();
  expect(expandCase(compactCase(blind)).truth).toBeUndefined();
  const empty = { ...blind, channels: [new Float32Array(60)] };
  expect(expandCase(compactCase(empty)).channels[0]).toEqual(new Float32Array(60));
});

test("a file holds the same, wherever its bytes lie in memory", () => {
  const compact = compactCase(makeCase());
  const bytes = encodePrepared(compact);
  expect(decodePrepared(bytes, "f")).toEqual(compact);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect(decodePrepared(shifted.subarray(1), "f")).toEqual(compact);
});

test("refuses other files and cut ones", () => {
  const bytes = encodePrepared(compactCase(makeCase()));
  const other = bytes.slice();
  other[3] = 99;
  for (const wrong of [new Uint8Array(3), bytes.subarray(0, 20), bytes.subarray(0, -1), other])
    expect(() => decodePrepared(wrong, "f")).toThrow(UserError);
});
