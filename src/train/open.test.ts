import { describe, expect, test } from "vitest";
import type { CaseFiles } from "../data/dataset.ts";
import { UserError } from "../error.ts";
import type { Folder } from "../platform.ts";
import { recipes } from "../recipes/index.ts";
import { chooseSplit, openRun } from "./open.ts";

const ids = ["a1", "a2", "a3", "a4", "b1", "b2"];
const files = ids.map((id): CaseFiles => ({ id, channels: {}, truth: `${id}_seg.nii`, labels: [0, 1] }));
const dataset = { stratum: (id: string) => id[0]! };
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function folderOf(content: Readonly<Record<string, Uint8Array>>): Folder {
  const list = async () => Object.keys(content);
  return { name: "data", list, read: async (path) => content[path]!, write: () => Promise.reject() };
}

const choose = (options: Partial<Parameters<typeof chooseSplit>[0]>) =>
  chooseSplit({ data: folderOf({}), recipe: recipes.phantom, ...options }, dataset, files);

describe("folds", () => {
  test("all cases: each validates once and trains in the others, strata apart", async () => {
    const folds = await Promise.all([1, 2].map((number) => choose({ fold: { number, count: 2 } })));
    expect(folds.flatMap(({ validation }) => validation).sort()).toEqual(ids);
    for (const { train, validation } of folds) {
      expect([...train, ...validation].sort()).toEqual(ids);
      expect(validation.map(dataset.stratum).sort()).toEqual(["a", "a", "b"]);
    }
  });

  const split = { train: ["a1", "a2", "b1"], validation: ["a3"] };
  test.each([
    ["given", { split: { bytes: bytesOf(split), name: "split.json" } }],
    ["in the data folder", { data: folderOf({ "split.json": bytesOf(split) }) }],
  ])("a split file %s: folds of its training cases, its validation cases stay out", async (_, options) => {
    expect(await choose(options)).toEqual(split);
    const folds = await Promise.all([1, 2, 3].map((number) => choose({ ...options, fold: { number, count: 3 } })));
    expect(folds.map(({ validation }) => validation.length)).toEqual([1, 1, 1]);
    expect(folds.flatMap(({ validation }) => validation).sort()).toEqual(split.train);
  });

  test("more folds than cases", async () => {
    await expect(choose({ fold: { number: 1, count: 7 } })).rejects.toThrow(UserError);
  });
});

test("without a split or a fold: the first of five folds, none of fewer than five cases", async () => {
  expect(await choose({})).toEqual(await choose({ fold: { number: 1, count: 5 } }));
  const few = await chooseSplit({ data: folderOf({}), recipe: recipes.phantom }, dataset, files.slice(0, 4));
  expect(few).toEqual({ train: ids.slice(0, 4), validation: [] });
});

test("candidates that are not in rising cost are told before anything is read", async () => {
  const [first, second] = recipes.phantom.candidates;
  const recipe = { ...recipes.phantom, candidates: [second!, first!] };
  const data = folderOf({});
  const run = openRun({ recipe, data, out: folderOf({}), resume: false, gzip: undefined!, runtime: undefined! });
  await expect(run).rejects.toThrow(/rising cost, M1 costs \d+ operations and M2 before it \d+; exchange them/);
});
