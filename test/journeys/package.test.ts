/** The package as npm would send it: what is in it, and that programs find its code and its types. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
let root: string;
const at = (...path: string[]) => join(root, ...path);

interface Packed {
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

/** Compiled into a folder of its own: `dist` may be in use. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "med-danet-package-"));
  for (const path of ["package.json", "README.md", "LICENSE", "banks", "examples"])
    cpSync(path, at("source", path), { recursive: true });
  const parsed = ts.getParsedCommandLineOfConfigFile("tsconfig.build.json", { outDir: at("source/dist") }, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: () => {},
  } as ts.ParseConfigFileHost)!;
  ts.createProgram(parsed.fileNames, { ...parsed.options, noCheck: true }).emit();
  const options = ["pack", "--json", "--ignore-scripts", "--pack-destination", root];
  [packed] = JSON.parse(
    execFileSync("npm", options, { cwd: at("source"), stdio: ["ignore", "pipe", "ignore"] }).toString(),
  );
  const modules = at("user", "node_modules");
  mkdirSync(join(modules, "@bufbuild"), { recursive: true });
  execFileSync("tar", [
    "-xzf",
    at(`med-danet-${JSON.parse(readFileSync("package.json", "utf8")).version}.tgz`),
    "-C",
    modules,
  ]);
  symlinkSync("package", join(modules, "med-danet"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(modules, name));
  }
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

test("holds what is needed and nothing else, in the size that the README states", () => {
  const names = packed.files.map(({ path }) => path);
  for (const path of ["dist/cli/main.js", "dist/index.d.ts", "banks/brats/M1.onnx", "README.md", "LICENSE"])
    expect(names).toContain(path);
  const allowed = /^(package\.json|README\.md|LICENSE|(dist|banks|examples)\/.*)$/;
  expect(names.filter((name) => !allowed.test(name) || /\.test\.|\.map$|^dist\/app\//.test(name))).toEqual([]);
  const [, stated] = /The package is (\d+) MB/.exec(readFileSync("README.md", "utf8"))!;
  expect(Math.abs(packed.size / 1e6 - Number(stated))).toBeLessThan(2);
});

/** The examples of the README's chapter on the library; the second goes on from the names of the first. */
function writeExamples() {
  const [, chapter] = readFileSync("README.md", "utf8").split("## Library\n");
  const [node, web] = Array.from(chapter!.matchAll(/```ts\n(.*?)```/gs), ([, code]) => code!);
  const core = /^import .* from "med-danet";$/m.exec(node!)![0];
  writeFileSync(at("user", "node.ts"), node!);
  writeFileSync(at("user", "web.ts"), `${core}\ndeclare const input: { files: FileList };\n${web}`);
  return ["node.ts", "web.ts"].map((name) => at("user", name));
}

const { ModuleKind, ModuleResolutionKind } = ts;
test.each([
  ["node16", ModuleKind.Node16, ModuleResolutionKind.Node16],
  ["bundler", ModuleKind.ESNext, ModuleResolutionKind.Bundler],
])("types resolve under %s: the README's examples are right", (_, module, moduleResolution) => {
  writeFileSync(at("user", "package.json"), '{ "type": "module" }');
  const options = { module, moduleResolution, strict: true, noEmit: true, target: ts.ScriptTarget.ES2023, types: [] };
  const libraries = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"], skipLibCheck: true };
  const program = ts.createProgram(writeExamples(), { ...options, ...libraries });
  const found = ts.getPreEmitDiagnostics(program);
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
});

test.each(["", "/node"])("the code of med-danet%s loads", (entry) => {
  const program = `console.log(Object.keys(await import("med-danet${entry}")).length)`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: at("user") });
  expect(Number(printed)).toBeGreaterThan(2);
});
