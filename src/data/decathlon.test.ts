import { describe, expect, test } from "vitest";
import { twoBalls, writeBalls } from "../../test/decathlon-folder.ts";
import { nodeGzip as gzip } from "../node/gzip.ts";
import type { Folder } from "../platform.ts";
import { readNifti, writeNiftiVolume } from "../volume/nifti.ts";
import { decathlon } from "./decathlon.ts";
import { findCases, loadCase } from "./load.ts";
import { prepareCase } from "./prepare.ts";

type Files = Map<string, Uint8Array>;
function memoryFolder(files: Files = new Map()): Folder & { files: Files } {
  return {
    files,
    name: "data",
    list: async () => [...files.keys()].sort(),
    read: async (path) => files.get(path)!,
    write: async (path, bytes) => void files.set(path, bytes),
  };
}
const encode = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const describeJson = (json: unknown) => decathlon.describe(memoryFolder(new Map([["dataset.json", encode(json)]])));

describe("dataset.json", () => {
  test("of the Decathlon: names by label, each label a region", async () => {
    expect(await describeJson(twoBalls)).toMatchObject({
      channels: ["MRI"],
      labels: [0, 1, 2],
      labelNames: ["background", "bright", "dark"],
      regions: { bright: [1], dark: [2] },
    });
  });

  test("of nnU-Net: labels by name, regions of several, channels of one name told apart", async () => {
    const json = {
      channel_names: { "0": "T2", "1": "ADC", "2": "T2" },
      labels: { background: 0, whole: [1, 2, 5], core: [2, 5], enhancing: 5 },
      file_ending: ".nii.gz",
    };
    expect(await describeJson(json)).toMatchObject({
      channels: ["T2 0", "ADC", "T2 2"],
      labels: [0, 1, 2, 5],
      labelNames: ["background", "label 1", "label 2", "enhancing"],
      regions: { whole: [1, 2, 5], core: [2, 5], enhancing: [5] },
    });
  });

  test("regions that are given", async () => {
    expect((await describeJson({ ...twoBalls, regions: { both: [1, 2], dark: [2] } })).regions).toEqual({
      both: [1, 2],
      dark: [2],
    });
  });

  test.each([
    ["not JSON", "{", /data\/dataset.json must be JSON/],
    ["no labels", { modality: { "0": "MRI" } }, /labels: Invalid input/],
    ["no channels", { labels: twoBalls.labels }, /"channel_names" or "modality" must name the channels/],
    ["channels with a gap", { ...twoBalls, modality: { "0": "A", "2": "B" } }, /numbered 0, 1, ..., "1" is missing/],
    ["only background", { ...twoBalls, labels: { "0": "background" } }, /labels must be 0 and others, found 0/],
    ["a label beyond a byte", { ...twoBalls, labels: { "0": "b", "300": "x" } }, /from 0 to 255, found 300/],
    ["a label that is no number", { ...twoBalls, labels: { a: "b" } }, /from 0 to 255, found NaN/],
    ["nnU-Net's ignore label", { ...twoBalls, labels: { background: 0, a: 1, ignore: 2 } }, /"ignore"/],
    ["a region of no label", { ...twoBalls, regions: { both: [1, 2, 3] } }, /region both .* found 3/],
    ["a label in no region", { ...twoBalls, regions: { bright: [1] } }, /2 is in none of bright/],
    ["another file format", { ...twoBalls, file_ending: ".png" }, /must be .nii or .nii.gz, found ".png"/],
  ])("%s: one clear line", async (_, json, message) => {
    await expect(describeJson(json)).rejects.toThrow(message);
    await expect(describeJson(json)).rejects.toMatchObject({
      name: "UserError",
      message: expect.not.stringContaining("\n"),
    });
  });

  test("no file", async () => {
    await expect(decathlon.describe(memoryFolder())).rejects.toThrow(
      "data: a data set in Decathlon format must hold dataset.json",
    );
  });
});

describe("naming", () => {
  const two = { ...twoBalls, modality: { "0": "T2", "1": "ADC" } };
  const recognise = async (json: object, paths: readonly string[]) => (await describeJson(json)).recognise(paths);

  test("the Decathlon's: one file of all channels, truth in a folder of its own, macOS shadows left out", async () => {
    const paths = [
      "imagesTr/a_01.nii.gz",
      "imagesTr/._a_01.nii.gz",
      "labelsTr/a_01.nii.gz",
      "imagesTs/b_02.nii.gz",
      "dataset.json",
    ];
    expect(await recognise(two, paths)).toEqual([
      { id: "a_01", channels: { T2: paths[0], ADC: paths[0] }, truth: paths[2], labels: [0, 1, 2] },
      { id: "b_02", channels: { T2: paths[3], ADC: paths[3] }, labels: [0, 1, 2] },
    ]);
  });

  test("nnU-Net's: one file a channel; the same in a folder alone; results beside", async () => {
    const channels = { T2: "a_0000.nii.gz", ADC: "a_0001.nii.gz" };
    expect(await recognise(two, [...Object.values(channels), "a_seg.nii.gz"])).toEqual([
      { id: "a", channels, truth: "a_seg.nii.gz", labels: [0, 1, 2] },
    ]);
    const [one] = await recognise(two, ["x/imagesTr/a_0000.nii.gz", "x/labelsTr/a.nii.gz"]);
    expect(one).toMatchObject({ id: "a", problem: expect.stringContaining("missing: ADC") });
  });

  test("four digits that are no channel, or that dataset.json lists as an image, belong to the name", async () => {
    expect((await recognise(twoBalls, ["a_0001.nii.gz"]))[0]).toMatchObject({
      id: "a_0001",
      channels: { MRI: "a_0001.nii.gz" },
    });
    const listed = {
      ...twoBalls,
      training: [{ image: "./imagesTr/a_0000.nii.gz", label: "./labelsTr/a_0000.nii.gz" }],
    };
    expect((await recognise(listed, ["imagesTr/a_0000.nii.gz", "labelsTr/a_0000.nii.gz"]))[0]).toMatchObject({
      id: "a_0000",
      truth: "labelsTr/a_0000.nii.gz",
    });
  });

  test("a truth never joins the image of another case", async () => {
    const cases = await recognise(twoBalls, ["imagesTr/a.nii.gz", "labelsTr/b.nii.gz"]);
    expect(cases.map(({ id, truth, problem }) => [id, truth, problem !== undefined])).toEqual([
      ["a", undefined, false],
      ["b", "labelsTr/b.nii.gz", true],
    ]);
  });
});

describe("a data set opened", () => {
  const size = [20, 28, 12] as const;
  async function balls() {
    const folder = memoryFolder();
    await writeBalls(folder, { cases: 3, size });
    return folder;
  }

  test("frame and normalization planned; training cases only; a bank's description gives the same without the folder", async () => {
    const folder = await balls();
    const dataset = await decathlon.open(folder, gzip);
    expect(dataset.frame).toEqual({ orientation: "RAS", spacing: [1, 1, null], sliceSize: [32, 32] });
    expect(dataset.normalization).toEqual([{ kind: "zscore", over: "all" }]);
    expect((await findCases(dataset, folder)).map(({ id }) => id)).toEqual(["ball_000", "ball_001", "ball_002"]);
    const { channels, labels, regions, frame, normalization } = dataset;
    const restored = decathlon.restore({ channels, labels, regions, frame, normalization });
    expect(restored.labelNames).toEqual(dataset.labelNames);
    expect((await findCases(restored, folder)).map(({ id }) => id)).toEqual([
      "ball_000",
      "ball_001",
      "ball_002",
      "ball_test",
    ]);
  });

  test("a 4D file is its channels in order, and a label map is written over one volume", async () => {
    const folder = memoryFolder();
    await writeBalls(folder, { cases: 1, size });
    const single = await gzip.inflate(await folder.read("imagesTr/ball_000.nii.gz"));
    const stacked = new Uint8Array([...single, ...single.subarray(352)]);
    const view = new DataView(stacked.buffer);
    view.setInt16(40, 4, true);
    view.setInt16(48, 2, true);
    view.setFloat32(single.length, 777, true); // the first voxel of the second channel
    await folder.write("imagesTr/ball_000.nii.gz", stacked);
    const json = { ...twoBalls, modality: { "0": "T2", "1": "ADC" } };
    await folder.write("dataset.json", encode(json));
    const dataset = await decathlon.open(folder, gzip);
    const raw = await loadCase((await findCases(dataset, folder))[0]!, folder, { dataset, gzip, truth: true });
    const alone = (await readNifti(single, gzip, "x")).data;
    expect(raw.channels).toEqual([alone, Float32Array.of(777, ...alone.subarray(1))]);
    const prepared = prepareCase(raw, dataset);
    expect(prepared.size).toEqual([32, 32, 12]);
    expect(prepared.restore(prepared.truth!)).toEqual({ grid: raw.source.grid, data: raw.truth });
  });

  const bytesOf = (data: Uint8Array) => {
    const grid = { size, spacing: [1, 1, 1] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] };
    return writeNiftiVolume({ grid, data }, gzip, "uint8");
  };
  test.each<[string, (folder: ReturnType<typeof memoryFolder>) => unknown, RegExp]>([
    [
      "a listed file is missing",
      ({ files }) => ["imagesTr", "labelsTr"].map((tr) => files.delete(`${tr}/ball_001.nii.gz`)),
      /lists the training case "ball_001"/,
    ],
    [
      "an image is missing",
      ({ files }) => files.delete("imagesTr/ball_001.nii.gz"),
      /case "ball_001": .* missing: MRI/,
    ],
    [
      "a truth is missing",
      ({ files }) => files.delete("labelsTr/ball_001.nii.gz"),
      /case "ball_001" must have a truth/,
    ],
    [
      "a label that dataset.json does not declare",
      async (folder) =>
        folder.write("labelsTr/ball_001.nii.gz", await bytesOf(new Uint8Array(size[0] * size[1] * size[2]).fill(3))),
      /labelsTr\/ball_001.nii.gz: labels of data set "decathlon" must be 0, 1, 2; found 3/,
    ],
    [
      "more channels declared than the file holds",
      ({ files }) => files.set("dataset.json", encode({ ...twoBalls, modality: { "0": "T2", "1": "ADC" } })),
      /ball_000.nii.gz: must hold 2 volumes, one for each channel, found 1/,
    ],
    [
      "no case at all",
      ({ files }) => [...files.keys()].filter((path) => path.includes("Tr/")).map((path) => files.delete(path)),
      /lists the training case/,
    ],
  ])("%s: one clear line", async (_, damage, message) => {
    const folder = await balls();
    await damage(folder);
    await expect(decathlon.open(folder, gzip)).rejects.toThrow(message);
  });
});
