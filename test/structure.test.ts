/** @file The shape of the source tree as checks: who may import whom, how large things may be, that tables and documents are complete. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** Room -> the rooms it may import, besides `platform`, `error` and `random`. "(types)": only with `import type`. */
const core = {
  graph: [],
  volume: [],
  danet: [],
  nn: ["graph"],
  nets: ["graph", "nn"],
  data: ["volume"],
  infer: ["danet", "volume"],
  eval: ["volume"],
  report: ["danet", "eval", "volume"],
  train: ["danet", "data", "eval", "graph", "infer", "nets", "nn", "volume"],
  recipes: ["train (types)"],
} as const;
const rooms: Readonly<Record<string, readonly string[]>> = {
  ...core,
  node: [],
  index: Object.keys(core),
  cli: [...Object.keys(core), "node"],
};
const ground = ["platform", "error", "random"];

/** Folder with a table in its `index.ts` -> how a file announces an entry, whose name the table must hold. */
const tables: Readonly<Record<string, RegExp>> = {
  "src/nets": /export const (\w+) = defineNetwork\(/g,
  "src/data": /export const (\w+): Dataset\b/g,
  "src/eval": /export const (\w+): Metric\b/g,
  "src/recipes": /export const (\w+): Recipe\b/g,
  "src/cli/commands": /export const (\w+) = defineCommand\(/g,
};

const GENERATED = "src/graph/onnx_pb.ts";
const MAX = { fileLines: 400, functionLines: 60, parameters: 3, sourceLines: 15_000 };

interface Source {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly { readonly to: string; readonly typeOnly: boolean }[];
}

const written = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => join("src", file))
  .filter((path) => path.endsWith(".ts") && path !== GENERATED)
  .sort();
const sources = written.filter((path) => !/\.(test|d)\.ts$/.test(path)).map(readSource);

function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const target = (to: string) => (to.startsWith(".") ? join(dirname(path), to) : to);
  const imports = nodesIn(tree).flatMap((node) => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    return specifier && ts.isStringLiteral(specifier)
      ? [{ to: target(specifier.text), typeOnly: isTypeOnly(node) }]
      : [];
  });
  return { path, text, tree, imports };
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (!ts.isImportDeclaration(node) || !node.importClause) return false;
  const { phaseModifier, name, namedBindings } = node.importClause;
  if (phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return (
    !name && !!namedBindings && ts.isNamedImports(namedBindings) && namedBindings.elements.every((e) => e.isTypeOnly)
  );
}

function nodesIn(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [node];
  ts.forEachChild(node, (child) => {
    found.push(...nodesIn(child));
  });
  return found;
}

/** "src/nn/adam.ts" -> "nn", "src/error.ts" -> "error" */
const roomOf = (path: string): string => path.split("/")[1].replace(/\.ts$/, "");
const lineCount = (text: string): number => text.split("\n").length - 1;

/** One message a violation, each naming the file and the rule; none is what every check wants. */
const expectNone = (violations: readonly string[]) => expect(violations, violations.join("\n")).toEqual([]);

test("every import between rooms is in the table", () => {
  expectNone(
    sources.flatMap(({ path, imports }) =>
      imports.flatMap(({ to, typeOnly }) => {
        const [from, room] = [roomOf(path), to.startsWith("src/") ? roomOf(to) : ""];
        if (room === "" || room === from || ground.includes(room)) return [];
        const allowed = ground.includes(from) ? [] : rooms[from];
        if (!allowed) return [`${path}: room "${from}" has no row in the import table`];
        if (allowed.includes(room) || (typeOnly && allowed.includes(`${room} (types)`))) return [];
        return [`${path} imports ${to}: ${from} may import ${allowed.join(", ") || "nothing"}`];
      }),
    ),
  );
});

test("files do not import each other in a circle (types aside)", () => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path))
      return [`${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}: imports go in a circle`];
    if (done.has(path)) return [];
    done.add(path);
    const values = byPath.get(path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? [];
    return values.flatMap(({ to }) => visit(to, [...trail, path]));
  };
  expectNone(sources.flatMap(({ path }) => visit(path, [])));
});

test("files, functions, parameter lists and the whole source stay small", () => {
  const long = written.flatMap((path) => {
    const lines = lineCount(readFileSync(path, "utf8"));
    return lines > MAX.fileLines ? [`${path}: a file has at most ${MAX.fileLines} lines, this one has ${lines}`] : [];
  });
  const functions = sources.flatMap(({ path, tree }) =>
    nodesIn(tree).flatMap((node) => {
      if (!ts.isFunctionLike(node)) return [];
      const lineOf = (at: number) => tree.getLineAndCharacterOfPosition(at).line + 1;
      const [first, last] = [lineOf(node.getStart()), lineOf(node.end)];
      const lines = last - first + 1;
      const place = `${path}:${first}`;
      return [
        ...(lines > MAX.functionLines
          ? [`${place}: a function has at most ${MAX.functionLines} lines, got ${lines}`]
          : []),
        ...(node.parameters.length > MAX.parameters
          ? [
              `${place}: at most ${MAX.parameters} positional parameters, then one object, got ${node.parameters.length}`,
            ]
          : []),
      ];
    }),
  );
  const total = sources.reduce((sum, { text }) => sum + lineCount(text), 0);
  const all = total > MAX.sourceLines ? [`src: at most ${MAX.sourceLines} lines without tests, got ${total}`] : [];
  expectNone([...long, ...functions, ...all]);
});

test("files say what they hold", () => {
  expectNone(
    written.flatMap((path) => [
      ...(/(^|\/)(utils?|common|types|helpers?|core|misc)(\/|\.)/.test(path)
        ? [`${path}: name a file or folder after what it holds`]
        : []),
      ...(/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(basename(path))
        ? []
        : [`${path}: file names are kebab-case`]),
    ]),
  );
  expectNone(
    sources.flatMap(({ path, text }) =>
      /^(#!.*\n)?\/\*\*\s+(\* )?@file /.test(text) ? [] : [`${path}: a file begins with a /** @file ... */ sentence`],
    ),
  );
});

test.each(Object.keys(tables).filter(existsSync))("every entry in %s is in the table of its index.ts", (folder) => {
  const index = sources.find(({ path }) => path === join(folder, "index.ts"));
  const entries = sources
    .filter(({ path }) => dirname(path) === folder)
    .flatMap(({ path, text }) => Array.from(text.matchAll(tables[folder]), ([, name]) => ({ path, name })));
  expect(entries.length, `${folder}: no file announces an entry as ${tables[folder]}`).toBeGreaterThan(0);
  expectNone(
    entries
      .filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(index?.text ?? ""))
      .map(({ path, name }) => `${path}: ${name} must be listed in ${folder}/index.ts`),
  );
});

test.each(["onnxruntime-node", "onnxruntime-web"])("exactly one file imports %s", (runtime) => {
  const importers = sources.filter(({ imports }) => imports.some(({ to, typeOnly }) => to === runtime && !typeOnly));
  const paths = importers.map(({ path }) => path);
  expect(paths, `${runtime} must have one importer, has: ${paths.join(", ")}`).toHaveLength(1);
});

test("core rooms draw random numbers from seeds and results hang on no clock", () => {
  const pure = [...Object.keys(core), ...ground, "index"];
  expectNone(
    sources
      .filter(({ path, text }) => pure.includes(roomOf(path)) && /Math\.random|Date\.now|new Date\(\)/.test(text))
      .map(({ path }) => `${path}: no Math.random, Date.now or new Date() in core rooms; use src/random.ts`),
  );
});

test.each(["docs/method.md", "CONTRIBUTING.md"])("what %s points to exists", (document) => {
  const text = readFileSync(document, "utf8");
  // `src/danet/choice.ts` (`bestChoice`, `sliceDice`): the file, and words that it must hold.
  const references = text.matchAll(/`((?:src|test|docs|bench)\/[\w./-]+)`(?: \(((?:`\w+`(?:, )?)+)\))?/g);
  expectNone(
    Array.from(references).flatMap(([, path, names = ""]) => {
      if (!existsSync(path)) return [`${document}: ${path} does not exist`];
      const words = Array.from(names.matchAll(/\w+/g), ([word]) => word);
      const file = words.length > 0 ? readFileSync(path, "utf8") : "";
      return words
        .filter((word) => !new RegExp(`\\b${word}\\b`).test(file))
        .map((word) => `${document}: ${path} holds no ${word}`);
    }),
  );
});

test("CONTRIBUTING.md shows the import table as it is", () => {
  const text = readFileSync("CONTRIBUTING.md", "utf8");
  const rows = Object.entries(core).map(([room, allowed]) => `| ${room} | ${allowed.join(", ") || "nothing"} |`);
  expectNone(rows.filter((row) => !text.includes(row)).map((row) => `CONTRIBUTING.md: the row "${row}" is missing`));
});
