/** Networks in three dimensions, by what a reader can work out: fakes of 2x2x2 voxels with one channel and two classes. */
import { describe, expect, test } from "vitest";
import type { Bank, BankModel } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import type { Runtime } from "../platform.ts";
import type { Vec3 } from "../volume/grid.ts";
import { openNetworks } from "./networks.ts";
import { choosePolicy } from "./plan.ts";
import { type SegmentOptions, segmentCase } from "./segment.ts";

/** Probability of class 1 at voxel `i` of a cube [z, y, x] whose values are `cube`. */
type Fake = (cube: Float32Array, i: number) => number;

const model = (id: string): BankModel => ({
  ...{ id, network: "onnx", config: {}, file: `${id}.onnx`, output: "probabilities", depth: 2 },
  ...{ parameters: 0, flops: { macs: 10, paper: 11 }, sha256: "" },
});

function setUp(fake: Fake, { stride, ids = ["deep"] }: { stride: number; ids?: string[] }) {
  const runtime: Runtime = {
    ...{ name: "fake", device: "cpu" },
    load: async () => ({
      ...{ inputNames: ["image"], outputNames: ["probabilities"] },
      run: async ({ image }) => {
        expect(image!.dims).toEqual([1, 1, 2, 2, 2]);
        const ones = Array.from({ length: 8 }, (_, i) => fake(image!.data as Float32Array, i));
        const data = Float32Array.from([...ones.map((p) => 1 - p), ...ones]);
        return { probabilities: { dtype: "float32", dims: [1, 2, 2, 2, 2], data } };
      },
      release: async () => {},
    }),
  };
  const bank = {
    ...{ channels: ["only"], labels: [0, 1], regions: { all: [1] }, inputSize: [2, 2], setting: "window", stride },
    frame: { orientation: "LPS", spacing: [1, 1, 1], sliceSize: [3, 2] },
    candidates: ids.map(model),
    folder: { name: "mybank", read: async () => new Uint8Array() },
  } as unknown as Bank;
  const networks = openNetworks(bank, runtime);
  const segment = (values: readonly number[], depth: number, more: Partial<SegmentOptions> = {}) => {
    const size: Vec3 = [3, 2, depth];
    return segmentCase({ size, channels: [Float32Array.from(values)] }, bank, { networks, ...more });
  };
  return { bank, segment };
}

const bright: Fake = (cube, i) => (cube[i]! > 0.5 ? 0.9 : 0.2);
const values = [0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0];

describe("segmentCase with a network in three dimensions", () => {
  test.each([
    ["side by side", { stride: 2 }, {}],
    ["that overlap", { stride: 1 }, {}],
    ["in four mirrors", { stride: 1 }, { flips: true }],
  ])("gives each voxel of three slices its class, cubes %s", async (_, { stride }, more) => {
    const { segment } = setUp(bright, { stride });
    const { classes, activation } = await segment(values, 3, more);
    expect([...classes]).toEqual(values);
    expect(activation).toEqual({ skip: 0, deep: 1 });
  });

  test("a case of fewer slices than the cube is filled up with zeros", async () => {
    const { segment } = setUp((cube, i) => (cube[i]! > 0.5 && cube[(i + 4) % 8] === 0 ? 1 : 0), { stride: 2 });
    const { classes, decisions } = await segment([1, 0, 1, 0, 1, 1], 1);
    expect([...classes]).toEqual([1, 0, 1, 0, 1, 1]);
    expect(decisions).toEqual([
      { slice: 0, window: 0, choice: 1 },
      { slice: 0, window: 1, choice: 1 },
    ]);
  });

  test("probabilities are means over the cubes of a voxel, FLOPs those of all cubes", async () => {
    // 0.2 in the first slice of a cube, 0.6 in the second; cubes begin at the slices 0 and 1, and at the columns 0 and 1.
    const { segment } = setUp((_, i) => (i < 4 ? 0.2 : 0.6), { stride: 1 });
    const { probabilities, flops, decisions } = await segment(values, 3, { probabilities: true });
    const bySlice = [0, 1, 2].map((z) => [...probabilities![0]!.subarray(6 * z, 6 * z + 6)]);
    for (const [z, expected] of [0.2, 0.4, 0.6].entries())
      for (const value of bySlice[z]!) expect(value).toBeCloseTo(expected, 6);
    expect(decisions.map(({ slice, window }) => [slice, window])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(flops).toEqual({
      ...{ macs: 40, paper: 44 },
      ...{ withDecision: { macs: 40, paper: 44 }, alwaysLargest: { macs: 40, paper: 44 } },
    });
  });
});

describe("the policy of a bank without a decision network", () => {
  test("is its one candidate", () => {
    expect(choosePolicy(undefined, setUp(bright, { stride: 2 }).bank)).toBe("deep");
  });

  test("must be given where there are several", async () => {
    const { bank, segment } = setUp(bright, { stride: 2, ids: ["deep", "deeper"] });
    const line = "mybank has no decision network: choose one of its candidates as the policy: deep, deeper";
    expect(() => choosePolicy("dynamic", bank)).toThrow(new UserError(line));
    expect([...(await segment(values, 3, { policy: "deeper" })).classes]).toEqual(values);
  });

  test("cannot be a budget", async () => {
    const { segment } = setUp(bright, { stride: 2 });
    await expect(segment(values, 3, { target: { effort: 1 } })).rejects.toThrow("need a decision network");
  });
});
