import { expect, test } from "vitest";
import { nodeGzip as gzip } from "../node/gzip.ts";
import type { Folder } from "../platform.ts";
import { loadCompactCase } from "./cache.ts";
import { compactCase } from "./compact.ts";
import { findCases, loadCase } from "./load.ts";
import { phantom, writePhantoms } from "./phantom.ts";
import { prepareCase } from "./prepare.ts";

/** A folder in memory that keeps the names of what was read from it. */
function makeFolder(name: string) {
  const files = new Map<string, Uint8Array>();
  const read: string[] = [];
  const folder: Folder = {
    name,
    list: async () => [...files.keys()],
    read: async (path) => {
      read.push(path);
      return files.get(path) as Uint8Array;
    },
    write: async (path, bytes) => void files.set(path, bytes),
  };
  return { folder, files, read };
}

async function makeData() {
  const data = makeFolder("data");
  await writePhantoms(data.folder, gzip, { cases: 1, seed: 1, size: [32, 32, 4] });
  const [files] = await findCases(phantom, data.folder);
  const raw = await loadCase(files, data.folder, { dataset: phantom, gzip, truth: true });
  return { data: data.folder, files, expected: compactCase(prepareCase(raw, phantom)) };
}

test("without a cache the case is prepared", async () => {
  const { data, files, expected } = await makeData();
  expect(await loadCompactCase(files, data, { dataset: phantom, gzip })).toEqual(expected);
});

test("with a cache it is prepared once and then read", async () => {
  const { data, files, expected } = await makeData();
  const cache = makeFolder("cache");
  const load = () => loadCompactCase(files, data, { dataset: phantom, gzip, cache: cache.folder });
  expect(await load()).toEqual(expected);
  expect(cache.read).toEqual([]);
  expect(await load()).toEqual(expected);
  expect(cache.read).toEqual([...cache.files.keys()]);
  expect(cache.files.size).toBe(1);
});

test("another file or another data set is prepared anew", async () => {
  const { data, files } = await makeData();
  const cache = makeFolder("cache");
  const options = { gzip, cache: cache.folder };
  await loadCompactCase(files, data, { ...options, dataset: phantom });
  const wide = { ...phantom, frame: { ...phantom.frame, sliceSize: [40, 40] as const } };
  expect((await loadCompactCase(files, data, { ...options, dataset: wide })).size).toEqual([40, 40, 4]);
  await data.write(files.channels.t1, await data.read(files.channels.t2));
  const changed = await loadCompactCase(files, data, { ...options, dataset: phantom });
  const [flair, t1ce, t1, t2] = changed.steps;
  expect(t1).toBe(t2);
  expect(new Set([flair, t1ce, t1]).size).toBe(3);
  expect(cache.files.size).toBe(3);
});
