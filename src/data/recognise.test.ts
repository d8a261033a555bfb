import { describe, expect, test } from "vitest";
import { brats } from "./brats.ts";

const four = (prefix: string, ending = ".nii.gz") =>
  ["flair", "t1", "t1ce", "t2"].map((name) => `${prefix}_${name}${ending}`);
const channelsOf = (prefix: string, ending = ".nii.gz") =>
  Object.fromEntries(["flair", "t1ce", "t1", "t2"].map((name) => [name, `${prefix}_${name}${ending}`]));
const older = [0, 1, 2, 4];

describe("recognises the cases of every BraTS year", () => {
  test("2018 to 2021, one folder a case", () => {
    expect(brats.recognise([...four("B/B"), "B/B_seg.nii.gz", ...four("A/A"), "A/readme.txt"])).toEqual([
      { id: "A", channels: channelsOf("A/A"), labels: older },
      { id: "B", channels: channelsOf("B/B"), truth: "B/B_seg.nii.gz", labels: older },
    ]);
  });

  test("2023 on: other endings, enhancing tumour is 3", () => {
    const paths = ["seg", "t1c", "t1n", "t2f", "t2w"].map(
      (name) => `data/BraTS-GLI-00000-000/BraTS-GLI-00000-000-${name}.nii`,
    );
    const [seg, t1c, t1n, t2f, t2w] = paths;
    expect(brats.recognise(paths)).toEqual([
      {
        id: "BraTS-GLI-00000-000",
        channels: { flair: t2f, t1ce: t1c, t1: t1n, t2: t2w },
        truth: seg,
        labels: [0, 1, 2, 3],
      },
    ]);
  });

  test("one case folder: paths without a folder", () => {
    expect(brats.recognise(four("A", ".nii"))).toEqual([{ id: "A", channels: channelsOf("A", ".nii"), labels: older }]);
  });

  test("several cases in a flat list, upper case, no prefix, hidden files of macOS", () => {
    expect(brats.recognise([...four("a"), ...four("b")]).map(({ id }) => id)).toEqual(["a", "b"]);
    const upper = ["x_FLAIR.nii", "x_T1.nii", "x_T1CE.nii", "x_T2.NII"];
    expect(brats.recognise(upper)[0]?.channels).toEqual({
      flair: upper[0],
      t1: upper[1],
      t1ce: upper[2],
      t2: upper[3],
    });
    const bare = ["p/flair.nii", "p/t1.nii", "p/t1ce.nii", "p/t2.nii"];
    expect(brats.recognise(bare)[0]).toMatchObject({ id: "p", channels: { flair: "p/flair.nii" } });
    expect(brats.recognise([...four("a"), "._a_flair.nii.gz", "._flair.nii.gz"])).toHaveLength(1);
  });

  test("2020 case 355: the truth has another prefix", () => {
    const paths = [...four("T_355/T_355", ".nii"), "T_355/W39_1998.09.19_Segm.nii"];
    expect(brats.recognise(paths)).toEqual([
      { id: "T_355", channels: channelsOf("T_355/T_355", ".nii"), truth: paths[4], labels: older },
    ]);
  });

  test("no case at all", () => expect(brats.recognise(["a/b.txt", "notes_t1.json"])).toEqual([]));
});

describe("tells what is wrong with a case", () => {
  test.each([
    [
      "a missing modality",
      four("a/a").slice(0, 3),
      'case "a": needs one file for each of flair, t1ce, t1, t2; missing: t2; found: a/a_flair.nii.gz, a/a_t1.nii.gz, a/a_t1ce.nii.gz',
    ],
    [
      "two files for one modality",
      [...four("a"), "a-t1c.nii"],
      'case "a": needs one file for each of flair, t1ce, t1, t2; t1ce has 2: a-t1c.nii, a_t1ce.nii.gz; keep one of them',
    ],
    [
      "two truths",
      [...four("a"), "a_seg.nii", "a_seg.nii.gz"],
      'case "a": needs one file for each of flair, t1ce, t1, t2; truth has 2: a_seg.nii, a_seg.nii.gz; keep one of them',
    ],
  ])("%s", (_, paths, problem) => expect(brats.recognise(paths).map((one) => one.problem)).toEqual([problem]));

  test("one incomplete case leaves the others as they are", () => {
    const [a, b] = brats.recognise([...four("a"), ...four("b").slice(1)]);
    expect(a!.problem).toBeUndefined();
    expect(b!.problem).toMatch(/^case "b": .* missing: flair/);
  });

  test("modalities of two patients are never mixed", () => {
    const mixed = ["a_flair.nii", "a_t1.nii", "a_t1ce.nii", "b_t2.nii"];
    expect(brats.recognise(mixed).map(({ id, problem }) => [id, problem?.includes("missing: ")])).toEqual([
      ["a", true],
      ["b", true],
    ]);
  });

  test("an id that occurs twice", () => {
    const [first, second] = brats.recognise([...four("x/a"), ...four("y/a")]);
    expect(first?.problem).toBeUndefined();
    expect(second?.problem).toBe(
      'case "a": the id must be unique, but x/a_flair.nii.gz and y/a_flair.nii.gz both have it; rename one',
    );
  });
});

test.each([
  ["Brats18_TCIA01_201_1", "Brats18_TCIA"],
  ["Brats18_CBICA_AOP_1", "Brats18_CBICA"],
  ["BraTS2021_01481", "BraTS2021"],
  ["BraTS20_Training_001", "BraTS20_Training"],
  ["BraTS-GLI-00000-000", "BraTS-GLI"],
])("source of %s is %s", (id, source) => expect(brats.stratum(id)).toBe(source));
