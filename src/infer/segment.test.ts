import { describe, expect, test } from "vitest";
import type { Bank, BankModel } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import type { Runtime, Tensor } from "../platform.ts";
import type { Vec3 } from "../volume/grid.ts";
import { openNetworks } from "./networks.ts";
import type { PreparedImage } from "./plan.ts";
import { type SegmentOptions, segmentCase } from "./segment.ts";
import { mirror } from "./window.ts";

/** What a fake network makes of one image [C, H, W]: its output without the batch axis. */
type Fake = (image: Float32Array) => number[];

interface Setup {
  readonly size: Vec3;
  readonly input?: number;
  readonly stride?: number;
  readonly setting?: Bank["setting"];
  readonly labels?: number[];
  readonly output?: BankModel["output"];
  /** Further fields of the bank. */
  readonly more?: Partial<Bank>;
  readonly decide: Fake;
  /** M1, M2, ... */
  readonly candidates: readonly Fake[];
}

/** A bank of fake networks with one channel, and how many images each of them was given. */
function setUp({ size, input = size[0], stride = 1, labels = [0, 1, 2], decide, candidates, ...rest }: Setup) {
  const { setting = "window", output = "probabilities", more = {} } = rest;
  const model = (id: string, i: number) => ({
    id,
    file: `${id}.onnx`,
    output,
    flops: { macs: 10 ** i, paper: 10 ** i },
  });
  const models = candidates.map((_, i) => model(`M${i + 1}`, i + 1) as BankModel);
  const fakes: Record<string, { fake: Fake; output: string; dims: number[] }> = {
    decision: { fake: decide, output: "logits", dims: [candidates.length + 1] },
  };
  models.forEach(({ id }, i) => {
    fakes[id] = { fake: candidates[i], output, dims: [labels.length, input, input] };
  });
  const images: Record<string, number> = {};
  const runtime: Runtime = {
    name: "fake",
    device: "cpu",
    load: async (bytes) => {
      const id = new TextDecoder().decode(bytes).replace(".onnx", "");
      const { fake, output, dims } = fakes[id];
      return {
        inputNames: ["image"],
        outputNames: [output],
        run: async ({ image }) => {
          const count = image.dims[0];
          images[id] = (images[id] ?? 0) + count;
          const length = image.data.length / count;
          const results = Array.from({ length: count }, (_, n) =>
            fake((image.data as Float32Array).subarray(n * length, (n + 1) * length)),
          );
          const tensor: Tensor = { dtype: "float32", dims: [count, ...dims], data: Float32Array.from(results.flat()) };
          return { [output]: tensor };
        },
        release: async () => {
          images[`${id} released`] = 1;
        },
      };
    },
  };
  const bank = {
    channels: ["only"],
    labels,
    frame: { orientation: "LPS", spacing: [1, 1, 1], sliceSize: [size[0], size[1]] },
    inputSize: [input, input],
    setting,
    stride,
    candidates: models,
    decision: { ...model("decision", 0), output: "logits" },
    ...more,
    folder: { name: "mybank", read: async (file: string) => new TextEncoder().encode(file) },
  } as unknown as Bank;
  const networks = openNetworks(bank, runtime);
  return {
    bank,
    networks,
    images,
    run: (image: PreparedImage, options: Partial<SegmentOptions> = {}) =>
      segmentCase(image, bank, { networks, ...options }),
  };
}

const image = (size: Vec3, value: (x: number, y: number, z: number) => number): PreparedImage => {
  const data = new Float32Array(size[0] * size[1] * size[2]);
  for (let i = 0; i < data.length; i++)
    data[i] = value(i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1])));
  return { size, channels: [data] };
};

/** The class of a pixel is its value. */
const oneHot: Fake = (pixels) => [0, 1, 2].flatMap((k) => Array.from(pixels, (value) => Number(value === k)));
/** The same probability of class 1 in every pixel of a 4 x 4 window. */
const flat = (p: number): number[] => [
  ...new Array(16).fill(1 - p),
  ...new Array(16).fill(p),
  ...new Array(16).fill(0),
];
const toM1: Fake = () => [0, 1];
const skip: Fake = () => [1, 0];

describe("a candidate that gives the class it sees gives the image back", () => {
  const size: Vec3 = [6, 6, 20];
  const pattern = image(size, (x, y, z) => (x + 2 * y + z) % 3);
  test.each([
    ["windows that overlap", { input: 4, stride: 1 }, {}],
    ["the last window moved back", { input: 4, stride: 3 }, {}],
    ["batches that do not divide the windows", { input: 4, stride: 2 }, { batch: 3 }],
    ["mirrors", { input: 4, stride: 2 }, { flips: true }],
    ["whole slices", { setting: "full" as const }, {}],
    ["whole slices, mirrors", { setting: "full" as const }, { flips: true }],
  ])("%s", async (_, setup, options) => {
    const { run } = setUp({ size, ...setup, decide: toM1, candidates: [oneHot] });
    expect([...(await run(pattern, options)).classes]).toEqual([...pattern.channels[0]]);
  });
});

describe("windows are averaged, on a slice of 6 x 4 with windows of 4 at columns 0 and 2", () => {
  // The first pixel of a window is its number in the image: 1 at column 0, 2 at column 2.
  const size: Vec3 = [6, 4, 1];
  const pixels = image(size, (x) => (x < 2 ? 1 : 2));
  const row = async (decide: Fake, byWindow: readonly [number, number], options = {}) => {
    const { run } = setUp({ size, input: 4, stride: 2, decide, candidates: [([first]) => flat(byWindow[first - 1])] });
    return (await run(pixels, options)).classes.slice(0, 6).join("");
  };
  test("0.9 and 0.2 make 0.55 of class 1 in the overlap", async () => {
    expect(await row(toM1, [0.9, 0.2])).toBe("111100");
  });
  test("0.7 and 0.2 make 0.45", async () => {
    expect(await row(toM1, [0.7, 0.2])).toBe("110000");
  });
  test("a skipped window abstains: the other one decides where they overlap, nobody elsewhere", async () => {
    expect(await row(([first]) => (first === 1 ? [1, 0] : [0, 1]), [0, 0.6])).toBe("001111");
  });
  test("equal probabilities go to the lower class", async () => {
    expect(await row(toM1, [0.5, 0.5])).toBe("000000");
  });
  test("a skipped window counts: its pass weighs less where it would have had a say", async () => {
    // Columns hold 1..6, so a window's first pixel tells which it is: 1 skips, 3 says 0.9; mirrored, 6 and 4 say 0.2.
    // Columns 2-3: class 1 has 0.9 / 2 + 0.2 = 0.65, class 0 has 0.1 / 2 + 0.8 = 0.85; not counted it would be 1.1 to 0.9,
    // as in columns 4-5, which only the window of 0.9 covers.
    const says: Record<number, number> = { 3: 0.9, 4: 0.2, 6: 0.2 };
    const { run } = setUp({
      ...{ size, input: 4, stride: 2 },
      decide: ([first]) => (first === 1 ? [1, 0] : [0, 1]),
      candidates: [([first]) => flat(says[first])],
    });
    const columns = image(size, (x) => x + 1);
    const plain = await run(columns);
    const mirrored = await run(columns, { flips: true });
    expect(plain.classes.slice(0, 6).join("")).toBe("001111");
    expect(mirrored.classes.slice(0, 6).join("")).toBe("000011");
    expect(mirrored.flops).toEqual(plain.flops);
    expect(mirrored.decisions).toEqual(plain.decisions);
  });
});

test("logits pass through a softmax before they are averaged", async () => {
  // Windows at columns 0, 1, 2; columns 2 and 3 have all three. Logits of class 1 minus class 0: 10, -2, -2. As probabilities
  // 1.00, 0.12, 0.12 make 0.41, as raw logits 10 beats 4.
  const size: Vec3 = [6, 4, 1];
  const difference = [10, -2, -2];
  const logits: Fake = ([first]) => [...new Array(16).fill(0), ...new Array(16).fill(difference[first - 1])];
  const pixels = image(size, (x) => x + 1);
  const { run } = setUp({
    ...{ size, input: 4, stride: 1, labels: [0, 1], output: "logits", decide: toM1, candidates: [logits] },
  });
  expect((await run(pixels)).classes.slice(0, 6).join("")).toBe("110000");
});

test("with mirrors a mirrored image gives the mirrored result, whatever the candidate makes of left and right", async () => {
  const size: Vec3 = [5, 5, 1];
  const lopsided: Fake = (pixels) =>
    [0, 1, 2].flatMap((k) => Array.from(pixels, (value, i) => (k === 0 ? 0.5 : Math.abs(Math.sin(k * i + value)))));
  const { run } = setUp({ size, setting: "full", decide: toM1, candidates: [lopsided] });
  const pixels = image(size, (x, y) => (3 * x + y * y) % 4);
  const turned = { size, channels: [pixels.channels[0].slice()] };
  mirror(turned.channels[0], { width: 5, height: 5 }, { x: true, y: false });
  const expected = Float32Array.from((await run(pixels, { flips: true })).classes);
  mirror(expected, { width: 5, height: 5 }, { x: true, y: false });
  expect([...(await run(turned, { flips: true })).classes]).toEqual([...expected]);
});

describe("routing", () => {
  const size: Vec3 = [4, 4, 20];
  // The slice's value is the choice that the decision network makes; slice 0 and every fourth are zeros.
  const byValue: Fake = ([value]) => [0, 1, 2, 3].map((choice) => Number(choice === value));
  const setup = { size, decide: byValue, candidates: [oneHot, oneHot, oneHot] };
  const pixels = image(size, (_x, _y, z) => z % 4);

  test("each window goes to its choice, images of zeros are decided once", async () => {
    const { run, images } = setUp(setup);
    const { decisions, activation, flops } = await run(pixels);
    expect(decisions.map(({ choice }) => choice)).toEqual(Array.from({ length: 20 }, (_, z) => z % 4));
    expect(decisions[3]).toMatchObject({
      slice: 3,
      window: 0,
      probabilities: [0.1749, 0.1749, 0.1749, 0.4754].map((p) => expect.closeTo(p, 4)),
    });
    expect(activation).toEqual({ skip: 0.25, M1: 0.25, M2: 0.25, M3: 0.25 });
    expect(images).toEqual({ decision: 16, M1: 5, M2: 5, M3: 5 });
    // 5 * (10 + 100 + 1000), and 16 decisions of 1
    expect(flops).toMatchObject({ macs: 5550, withDecision: { macs: 5566 }, alwaysLargest: { macs: 20_000 } });
  });

  test("a forced policy runs one candidate everywhere and no decision network", async () => {
    const { run, images } = setUp(setup);
    const { decisions, activation, flops } = await run(pixels, { policy: "M2" });
    expect(images).toEqual({ M2: 20 });
    expect(decisions[5]).toEqual({ slice: 5, window: 0, choice: 2 });
    expect(activation).toEqual({ skip: 0, M1: 0, M2: 1, M3: 0 });
    expect(flops).toMatchObject({ macs: 2000, withDecision: { macs: 2000 } });
  });

  test("a bank that always skips gives background and loads no candidate", async () => {
    const { run, images } = setUp({ ...setup, candidates: [oneHot], decide: skip });
    const { classes, flops } = await run(pixels);
    expect(Math.max(...classes)).toBe(0);
    expect(images).toEqual({ decision: 16 });
    expect(flops.macs).toBe(0);
  });

  test("time is told by stage, and adds up", async () => {
    const { seconds } = await setUp(setup).run(pixels);
    expect(Object.keys(seconds).sort()).toEqual(["M1", "M2", "M3", "decision", "load", "other", "total"]);
    const { total, ...stages } = seconds;
    expect(Object.values(stages).reduce((a, b) => a + b)).toBeCloseTo(total, 9);
  });

  test("progress ends at the last slice", async () => {
    const seen: string[] = [];
    await setUp(setup).run(pixels, {
      onProgress: ({ stage, done, total }) => void seen.push(`${stage} ${done}/${total}`),
    });
    const slices = ["slices 0/20", "slices 16/20", "slices 20/20"];
    expect(seen).toEqual(["decisions 0/20", "decisions 16/20", ...slices]);
  });

  test("an aborted signal stops before the next run", async () => {
    const controller = new AbortController();
    const { run, images } = setUp(setup);
    const work = run(pixels, {
      signal: controller.signal,
      onProgress: ({ stage, done }) => stage === "slices" && done === 16 && controller.abort(),
    });
    await expect(work).rejects.toThrow("aborted");
    expect(images).toEqual({ decision: 16, M1: 4, M2: 4, M3: 4 }); // of the first 16 slices four each, and four are skipped
  });

  test("release frees what was loaded", async () => {
    const { run, images, networks } = setUp(setup);
    await run(pixels, { policy: "M2" });
    await networks.release();
    expect(images).toEqual({ M2: 20, "M2 released": 1 });
  });
});

test("the bank's post-processing is done, told, and left out when asked", async () => {
  const size: Vec3 = [4, 4, 1];
  const more = {
    regions: { small: [1] },
    postprocess: { minComponent: 2, encloseRegion: {}, minRegion: { small: { below: 3, becomes: 2 } } },
  };
  const { run } = setUp({ size, setting: "full", decide: toM1, candidates: [oneHot], more });
  const before = "1100 0002 0000 0001".replaceAll(" ", "");
  const pixels = image(size, (x, y) => Number(before[x + 4 * y]));
  const { classes, postprocess } = await run(pixels);
  expect(classes.join("")).toBe("2200000000000000");
  expect(postprocess).toEqual({ components: 2, small: 2 });
  const raw = await run(pixels, { postprocess: false });
  expect(raw.classes.join("")).toBe(before);
  expect(raw.postprocess).toBeUndefined();
});

test("probabilities are means over the windows that ran, and certain background where none did", async () => {
  // Windows of 4 at columns 0, 2, 4 of 8: the first says 0.9, the second 0.2, the third skips.
  const size: Vec3 = [8, 4, 1];
  const { run } = setUp({
    ...{ size, input: 4, stride: 2 },
    decide: ([first]) => (first === 5 ? [1, 0] : [0, 1]),
    candidates: [([first]) => flat(first === 1 ? 0.9 : 0.2)],
  });
  const pixels = image(size, (x) => x + 1);
  const { probabilities } = await run(pixels, { probabilities: true });
  const round = (values: Float32Array) => Array.from(values.subarray(0, 8), (p) => Number(p.toFixed(4)));
  expect(probabilities?.map(round)).toEqual([
    [0.9, 0.9, 0.55, 0.55, 0.2, 0.2, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  expect((await run(pixels)).probabilities).toBeUndefined();
});

describe("a target", () => {
  const size: Vec3 = [4, 4, 8];
  // Slice 0 is zeros and is best skipped; the others are tumour, where M1 expects 0.8 and M2 0.9 at ten times the cost.
  const expectedDice = [
    [1, 0.5, 0.5],
    [0, 0.8, 0.9],
    [0, 0.8, 0.9],
  ];
  const decide: Fake = ([value]) => (value === 0 ? [30, 0, 0] : [0, 30, 30]);
  const fakes = { size, decide, candidates: [oneHot, oneHot], more: { expectedDice } };
  const pixels = image(size, (_x, _y, z) => Math.min(z, 1));
  const costs = { unit: "ms", candidates: [1, 10], decision: 0.5 } as const;

  test.each<[string, Partial<SegmentOptions>, string, number]>([
    ["effort 1", { target: { effort: 1 } }, "02222222", 70],
    ["effort 0", { target: { effort: 0 } }, "01111111", 7],
    ["a budget with its 8 decisions", { target: { budget: 74 } }, "02222222", 70],
    ["a budget just below", { target: { budget: 73.9 } }, "01111111", 7],
    ["a budget for decisions alone", { target: { budget: 4 } }, "00000000", 0],
    ["no target", {}, "01111111", 7],
  ])("%s", async (_, options, choices, cost) => {
    const { decisions, curve } = await setUp(fakes).run(pixels, { costs, ...options });
    expect(decisions.map(({ choice }) => choice).join("")).toBe(choices);
    expect(curve).toMatchObject({ unit: "ms", here: { cost: cost + 4 } });
    expect(curve?.lambda === null).toBe(options.target === undefined);
    expect(curve?.points.map((point) => point.cost)).toEqual([4, 11, 74]);
  });

  test("without costs it counts G of FLOPs, and mirrors follow the same lambda", async () => {
    const { curve, flops } = await setUp(fakes).run(pixels, { target: { effort: 0 }, flips: true });
    expect(curve?.unit).toBe("G");
    expect(curve?.here.cost).toBeCloseTo(flops.withDecision.paper / 1e9, 15);
    expect(flops).toMatchObject({ paper: 70, withDecision: { paper: 78 } });
  });

  test("what an earlier segmentation decided and ran is taken over where it holds", async () => {
    const { run, images } = setUp(fakes);
    const [best, cheap] = [{ target: { effort: 1 } }, { target: { effort: 0 } }];
    const { trace } = await run(pixels, best);
    expect(images).toEqual({ decision: 8, M2: 7 });
    const second = await run(pixels, { ...cheap, previous: trace });
    expect(images).toEqual({ decision: 8, M2: 7, M1: 7 });
    const again = await run(pixels, { ...cheap, previous: second.trace });
    expect(images).toEqual({ decision: 8, M2: 7, M1: 7 });
    const forced = await run(pixels, { policy: "M1", previous: again.trace });
    expect(images).toEqual({ decision: 8, M2: 7, M1: 8 }); // slice 0 alone was skipped before
    const fresh = await setUp(fakes).run(pixels, cheap);
    for (const { seconds: _, ...same } of [second, again])
      expect({ ...same, seconds: {} }).toEqual({ ...fresh, seconds: {} });
    expect(forced.trace.decided).toBeUndefined();
    await run(pixels, { ...cheap, flips: true, previous: again.trace });
    expect(images["decision"]).toBe(8 + 4 * 7 + 1); // zeros are asked once a case
  });

  test.each<[string, object, Partial<SegmentOptions>, string]>([
    [
      "a bank without what it needs",
      { more: {} },
      { target: { effort: 1 } },
      'mybank: --budget and --effort need "expectedDice"',
    ],
    ["a forced policy", {}, { target: { effort: 1 }, policy: "M1" }, "leave out --policy, found M1"],
    ["a budget below the decisions", {}, { target: { budget: 3.9 }, costs }, "must cover the decision network, 4.0 ms"],
  ])("is refused with %s", async (_, change, options, message) => {
    const work = setUp({ ...fakes, ...change }).run(pixels, options);
    await expect(work).rejects.toThrow(message);
    await expect(work).rejects.toBeInstanceOf(UserError);
  });
});

describe("what the user can mend", () => {
  const size: Vec3 = [6, 6, 1];
  const setup = { size, input: 4, stride: 2, decide: toM1, candidates: [oneHot] };
  const pixels = image(size, () => 1);
  test.each<[string, Partial<SegmentOptions>, string]>([
    ["policy", { policy: "M7" }, 'policy "M7" is not known; known are: dynamic, M1'],
    ["setting", { setting: "full" }, "mybank has inputs of 4x4 and slices of 6x6; use --setting window"],
  ])("%s", async (_, options, message) => {
    const work = setUp(setup).run(pixels, options);
    await expect(work).rejects.toThrow(message);
    await expect(work).rejects.toBeInstanceOf(UserError);
  });
});
