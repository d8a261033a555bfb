import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sha256 } from "../sha256.ts";
import { installCuda } from "./install-cuda.ts";

/** What `findCuda` answers. */
const found = vi.hoisted(() => ({ version: "1.2.3", folder: "", provider: { "a.so": false }, libraries: {} }));
vi.mock("./cuda.ts", () => ({ findCuda: async () => found }));

const CONTENT = "the provider";
let root: string;
const path = process.env["PATH"];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "install-cuda-"));
  found.folder = join(root, "runtime");
  await mkdir(found.folder);
});
afterEach(async () => {
  process.env["PATH"] = path;
  found.provider["a.so"] = false;
  await rm(root, { recursive: true });
});

/** An npm whose `pack` writes an archive with the file a.so. */
async function fakeNpm(content: string) {
  const inside = join(root, "package/Plugins/Linux/x64");
  await mkdir(inside, { recursive: true });
  await writeFile(join(inside, "a.so"), content);
  const script = `#!/bin/sh\ntar -czf "$5/p.tgz" -C "${root}" package && echo '[{"filename":"p.tgz"}]'\n`;
  await writeFile(join(root, "npm"), script);
  await chmod(join(root, "npm"), 0o755);
  process.env["PATH"] = `${root}:${path}`;
}

async function install(runtime = "1.2.3") {
  const files = { "a.so": await sha256(new TextEncoder().encode(CONTENT)) };
  const stages: number[] = [];
  const source = { name: "p", version: "1.0.0", runtime, megabytes: 1, files };
  await installCuda(({ done }) => stages.push(done), source);
  return stages;
}

const onLinux = process.platform === "linux" && process.arch === "x64";
test.skipIf(!onLinux)("the files of the package are placed under their names, and nothing else stays", async () => {
  await fakeNpm(CONTENT);
  expect(await install()).toEqual([0, 1, 2, 3]);
  expect(await readdir(found.folder)).toEqual(["a.so"]);
  expect(await readFile(join(found.folder, "a.so"), "utf8")).toBe(CONTENT);
});

test.skipIf(!onLinux)("a file with another digest is refused, and nothing stays", async () => {
  await fakeNpm("something else");
  await expect(install()).rejects.toThrow(/a\.so: sha256 must be [0-9a-f]{64}, found [0-9a-f]{64}; fetch it again$/);
  expect(await readdir(found.folder)).toEqual([]);
});

test.skipIf(!onLinux)("no npm, another version, files that are there: one line each", async () => {
  process.env["PATH"] = root;
  await expect(install()).rejects.toThrow("npm pack p@1.0.0 must reach the npm registry: spawn npm ENOENT");
  await expect(install("9.9.9")).rejects.toThrow("fit onnxruntime-node 9.9.9, found 1.2.3: install that version");
  found.provider["a.so"] = true;
  await expect(install()).rejects.toThrow("are in");
  expect(await readdir(found.folder)).toEqual([]);
});
