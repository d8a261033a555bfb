/** @file The shape of the source tree: who may import whom, how large things may be, that tables and documents are complete. */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { countLines, functionsIn, listFiles, readSource, roomOf } from "./source-tree.ts";

/** Room -> the rooms it may import, besides the ground floor. "(types)": only with `import type`. */
const core = {
  graph: [],
  volume: [],
  danet: [],
  nn: ["graph"],
  nets: ["graph", "nn"],
  data: ["volume", "danet (types)"],
  infer: ["danet", "volume"],
  eval: ["volume"],
  report: ["eval", "volume", "danet (types)", "data (types)", "infer (types)", "train (types)"],
  train: ["danet", "data", "eval", "graph", "infer", "nets", "nn", "volume"],
  recipes: ["data", "nets", "train (types)"],
} as const;
const rooms: Readonly<Record<string, readonly string[]>> = {
  ...core,
  node: [],
  web: [],
  index: Object.keys(core),
  cli: [...Object.keys(core), "node", "server"],
  server: [...Object.keys(core), "node"],
  app: [...Object.keys(core), "web"],
};
const ground = ["platform", "error", "random", "sha256", "session"];

/** Folder with a table in its `index.ts` -> how a file announces an entry; the table must hold the name. */
const tables: Readonly<Record<string, RegExp>> = {
  "src/graph/ops": /export const ([A-Z]\w*) =/g,
  "src/nets": /export const (\w+) = defineNetwork\(/g,
  "src/data": /export const (\w+): Dataset\b/g,
  "src/eval": /export const (\w+): Metric\b/g,
  "src/recipes": /export const (\w+): Recipe\b/g,
  "src/cli/commands": /export const (\w+) = defineCommand\(/g,
  "src/cli/reproduce/experiments": /export const (\w+) = defineExperiment\(/g,
};

const files = listFiles();
const sources = files.filter((path) => !/\.(test|d)\.ts$/.test(path)).map(readSource);

/** Each violation names the file and the rule. */
const expectNone = (violations: readonly string[]) => expect(violations, violations.join("\n")).toEqual([]);

test("every import between rooms is in the table", () => {
  const violations = sources.flatMap(({ path, imports }) => {
    const from = roomOf(path);
    const allowed = ground.includes(from) ? [] : rooms[from];
    if (!allowed) return [`${path}: room "${from}" needs a row in the import table`];
    const foreign = imports.filter(({ to, typeOnly }) => {
      if (!to.startsWith("src/") || [from, ...ground].includes(roomOf(to))) return false;
      return !allowed.includes(roomOf(to)) && !(typeOnly && allowed.includes(`${roomOf(to)} (types)`));
    });
    return foreign.map(({ to }) => `${path} imports ${to}: ${from} may import ${allowed.join(", ") || "nothing"}`);
  });
  expectNone(violations);
});

test("files do not import each other in a circle, types aside", () => {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports.filter(({ typeOnly }) => !typeOnly)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path))
      return [`${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}: a circle of imports`];
    if (done.has(path)) return [];
    done.add(path);
    return (importsOf.get(path) ?? []).flatMap(({ to }) => visit(to, [...trail, path]));
  };
  expectNone(sources.flatMap(({ path }) => visit(path, [])));
});

test("a file has at most 400 lines, the source 21,930", () => {
  const sizes = files.map((path) => ({ path, lines: countLines(readFileSync(path, "utf8")) }));
  const long = sizes.filter(({ lines }) => lines > 400);
  expectNone(long.map(({ path, lines }) => `${path}: a file has at most 400 lines, this one has ${lines}`));
  expect(
    sources.reduce((sum, { text }) => sum + countLines(text), 0),
    "lines in src without tests",
  ).toBeLessThan(21_931);
});

test("a function has at most 60 lines and three positional parameters, then one object", () => {
  const functions = sources.flatMap((source) => functionsIn(source).map((found) => ({ path: source.path, ...found })));
  const long = functions.filter(({ lines }) => lines > 60);
  const wide = functions.filter(({ positional, parameters }) => positional > 3 || parameters > 4);
  expectNone([
    ...long.map(({ path, first, lines }) => `${path}:${first}: a function has at most 60 lines, this one has ${lines}`),
    ...wide.map(({ path, first }) => `${path}:${first}: at most three positional parameters, then one object`),
  ]);
});

test("files are named in kebab-case after what they hold, and say it in their first sentence", () => {
  const vague = files.filter((path) => /(^|\/)(utils?|common|types)(\/|\.)/.test(path));
  const unkempt = files.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d|\.svelte)?\.ts$/.test(basename(path)));
  const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*\s+(\* )?@file /.test(text));
  expectNone([
    ...vague.map((path) => `${path}: not utils, common or types, but what it holds`),
    ...unkempt.map((path) => `${path}: file names are kebab-case`),
    ...silent.map(({ path }) => `${path}: a file begins with a /** @file ... */ sentence`),
  ]);
});

test.each(Object.keys(tables))("every entry in %s is in the table of its index.ts", (folder) => {
  const table = readFileSync(join(folder, "index.ts"), "utf8");
  const entries = sources
    .filter(({ path }) => dirname(path) === folder && basename(path) !== "index.ts")
    .flatMap(({ path, text }) => Array.from(text.matchAll(tables[folder]), ([, name]) => ({ path, name })));
  expect(entries.length, `${folder}: no file matches ${tables[folder]}`).toBeGreaterThan(0);
  const unlisted = entries.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(table));
  expectNone(unlisted.map(({ path, name }) => `${path}: ${name} must be listed in ${folder}/index.ts`));
});

test.each(["onnxruntime-node", "onnxruntime-web"])("exactly one file imports %s", (runtime) => {
  const importers = sources.filter(({ imports }) => imports.some(({ to, typeOnly }) => to === runtime && !typeOnly));
  const paths = importers.map(({ path }) => path);
  expect(paths, `${runtime} must have one importer, has: ${paths.join(", ")}`).toHaveLength(1);
});

test("core rooms take random numbers from seeds, and no date", () => {
  const pure = [...Object.keys(core), ...ground, "index"];
  const found = sources.filter(
    ({ path, text }) => pure.includes(roomOf(path)) && /Math\.random|Date\.now|new Date\(\)/.test(text),
  );
  expectNone(
    found.map(({ path }) => `${path}: no Math.random, Date.now or new Date() in core rooms; use src/random.ts`),
  );
});

test.each(["docs/method.md", "CONTRIBUTING.md"])("what %s points to exists", (document) => {
  // `src/danet/choice.ts` (`bestChoice`, `sliceDice`): the file, and words that it must hold.
  const reference = /`((?:src|test|docs|bench)\/[\w./-]+)`(?: \(((?:`\w+`(?:, )?)+)\))?/g;
  const violations = Array.from(readFileSync(document, "utf8").matchAll(reference), ([, path, names]) => {
    if (!existsSync(path)) return [`${document}: ${path} does not exist`];
    const words = names ? new Set(readFileSync(path, "utf8").match(/\w+/g)) : new Set();
    const missing = (names?.match(/\w+/g) ?? []).filter((name) => !words.has(name));
    return missing.map((name) => `${document}: ${path} holds no ${name}`);
  });
  expectNone(violations.flat());
});

test("CONTRIBUTING.md shows the import table as it is", () => {
  const text = readFileSync("CONTRIBUTING.md", "utf8");
  const rows = Object.entries(core).map(([room, allowed]) => `| ${room} | ${allowed.join(", ") || "nothing"} |`);
  expectNone(rows.filter((row) => !text.includes(row)).map((row) => `CONTRIBUTING.md: the row "${row}" is missing`));
});
