import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../error.ts";
import type { Folder } from "../platform.ts";
import { BANK_FILE, type NewBank, openBank, readBank, type UnhashedModel, writeBank } from "./bank.ts";

const memoryFolder = (files: Map<string, Uint8Array>): Folder => ({
  name: "mybank",
  list: async () => [...files.keys()].sort(),
  read: async (path) => files.get(path)!,
  write: async (path, bytes) => void files.set(path, bytes),
});

const model = (id: string, paper: number): UnhashedModel => ({
  id,
  network: "unet2d",
  config: { base: 12 },
  file: `${id}.onnx`,
  output: "probabilities",
  parameters: 3,
  flops: { macs: paper, paper },
});

const newBank: NewBank = {
  dataset: "brats",
  channels: ["flair", "t1ce", "t1", "t2"],
  labels: [0, 1, 2, 4],
  regions: { ET: [4], TC: [1, 4], WT: [1, 2, 4] },
  normalization: "zscore",
  frame: { orientation: "LPS", spacing: [1, 1, 1], sliceSize: [240, 240] },
  inputSize: [128, 128],
  setting: "window",
  stride: 42,
  candidates: [model("M1", 5), model("M2", 7)],
  decision: { ...model("decision", 1), output: "logits" },
  recipe: { epochs: 1 },
  trainingCases: ["a"],
  seed: 7,
  toolVersion: "0.1.0",
};
const models = { "M1.onnx": Uint8Array.of(1), "M2.onnx": Uint8Array.of(2), "decision.onnx": Uint8Array.of(3) };

let files: Map<string, Uint8Array>;
beforeEach(async () => {
  files = new Map();
  await writeBank(memoryFolder(files), newBank, models);
});

/** Rewrites bank.json as changed by hand. */
function edit(change: (manifest: Record<string, never>) => void) {
  const manifest = JSON.parse(new TextDecoder().decode(files.get(BANK_FILE)));
  change(manifest);
  files.set(BANK_FILE, new TextEncoder().encode(JSON.stringify(manifest)));
}
const problem = async () => {
  const error = await readBank(memoryFolder(files)).then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).not.toContain("\n");
  return error.message as string;
};

const setRule = (m: Record<string, unknown>, region: string, becomes: number) =>
  Object.assign(m, { postprocess: { minComponent: 0, minRegion: { [region]: { below: 9, becomes } } } });

const setEnclosing = (m: Record<string, unknown>, change: object) => {
  const rule = { by: "ET", share: 0.1, radius: 3, inside: 1, outside: 2, ...change };
  return Object.assign(m, { postprocess: { minComponent: 0, encloseRegion: { TC: rule }, minRegion: {} } });
};

test("what is written is read back, with the hash of the file contents", async () => {
  const bank = await readBank(memoryFolder(files));
  expect(bank).toMatchObject(newBank);
  // printf '\001' | sha256sum
  expect(bank.candidates[0]!.sha256).toBe("4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a");
});

test("a bank that is opened alone: a file is checked when it is read", async () => {
  const { folder, ...bank } = await openBank(memoryFolder(files));
  expect(bank).toMatchObject(newBank);
  expect(await folder.read("M1.onnx")).toEqual(models["M1.onnx"]);
  files.set("M1.onnx", Uint8Array.of(9));
  await expect(folder.read("M1.onnx")).rejects.toThrow("M1.onnx must have sha256 4bf5122f3445..., found");
});

test("a bank of candidates alone is a bank", async () => {
  const { decision: _, ...alone } = newBank;
  await writeBank(memoryFolder(files), alone, models);
  expect(await readBank(memoryFolder(files))).not.toHaveProperty("decision");
});

test("bank.json is written last", () => {
  expect([...files.keys()]).toEqual(["M1.onnx", "M2.onnx", "decision.onnx", BANK_FILE]);
});

describe("the first thing that is wrong is named", () => {
  test.each([
    ["no bank.json", () => files.delete(BANK_FILE), "must hold bank.json"],
    ["not JSON", () => files.set(BANK_FILE, Uint8Array.of(123)), "must be JSON"],
    ["unknown version", () => edit((m) => Object.assign(m, { formatVersion: 2 })), "formatVersion 1, found 2"],
    ["missing file", () => files.delete("M2.onnx"), 'M2.onnx of "M2" is missing'],
    ["changed file", () => files.set("M2.onnx", Uint8Array.of(9)), "M2.onnx must have sha256"],
    ["changed decision network", () => files.set("decision.onnx", Uint8Array.of(9)), "decision.onnx must have sha256"],
    ["wrong type", () => edit((m) => Object.assign(m, { seed: "x" })), "seed: Invalid input: expected number"],
    ["unknown key", () => edit((m) => Object.assign(m, { colour: 1 })), "colour"],
    ["path outside", () => edit((m) => Object.assign(m["decision"], { file: "../x.onnx" })), "decision.file"],
    ["falling cost", () => edit((m) => (m["candidates"] as never[]).reverse()), '"M1" costs less than "M2"'],
    ["same id", () => edit((m) => Object.assign(m["decision"], { id: "M1" })), '"M1" is used twice'],
    ["reserved id", () => edit((m) => Object.assign(m["decision"], { id: "skip" })), 'may be called "skip"'],
    ["labels", () => edit((m) => Object.assign(m, { labels: [1, 2, 4] })), "labels must start with 0"],
    ["region", () => edit((m) => Object.assign(m["regions"], { ET: [3] })), "region ET has label 3"],
    ["too large", () => edit((m) => Object.assign(m, { inputSize: [256, 128] })), "must not exceed the slice"],
    ["full", () => edit((m) => Object.assign(m, { setting: "full" })), "must be the whole slice"],
    ["unknown region", () => edit((m) => setRule(m, "XX", 1)), 'postprocess.minRegion has "XX"'],
    [
      "a label of the region",
      () => edit((m) => setRule(m, "ET", 4)),
      "must become a label outside the region, found 4",
    ],
    ["an unknown label", () => edit((m) => setRule(m, "ET", 7)), "must become a label outside the region, found 7"],
    [
      "an enclosing region that is none",
      () => edit((m) => setEnclosing(m, { by: "XX" })),
      'postprocess.encloseRegion has "XX"',
    ],
    [
      "an enclosing region that reaches out",
      () => edit((m) => setEnclosing(m, { by: "WT" })),
      "postprocess.encloseRegion.TC must be enclosed by a part of it, WT has label 2 too",
    ],
    [
      "what joins a region with a label outside",
      () => edit((m) => setEnclosing(m, { inside: 2 })),
      "postprocess.encloseRegion.TC must become a label of the region, found 2",
    ],
    [
      "what leaves a region with a label of it",
      () => edit((m) => setEnclosing(m, { outside: 1 })),
      "postprocess.encloseRegion.TC must become a label outside the region, found 1",
    ],
    [
      "label ratio",
      () => edit((m) => Object.assign(m, { expectedDice: [0, 0, 0].map(() => [0, 0, 0]), labelRatio: [1] })),
      "labelRatio must be 3 numbers",
    ],
    ["expected Dice", () => edit((m) => Object.assign(m, { expectedDice: [[1]] })), "expectedDice must be 3 x 3"],
    [
      "deep with a decision",
      () => edit((m) => Object.assign(m["candidates"][0]!, { depth: 9 })),
      '"M1" takes 9 of them',
    ],
    [
      "expected Dice without a decision network",
      () => edit((m) => Object.assign(m, { decision: undefined, expectedDice: [[1]] })),
      "expectedDice and labelRatio need a decision network",
    ],
    [
      "gaps between slices",
      () =>
        edit((m) =>
          Object.assign(m, { decision: undefined, candidates: [{ ...(m["candidates"][0] as object), depth: 9 }] }),
        ),
      "slices stay uncovered",
    ],
    ["gaps", () => edit((m) => Object.assign(m, { stride: 129 })), "pixels stay uncovered"],
  ])("%s", async (_, damage, message) => {
    damage();
    expect(await problem()).toContain(message);
  });
});
