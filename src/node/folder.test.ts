import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../error.ts";
import { openFolder, requireWritable } from "./folder.ts";
import { nodeGzip } from "./gzip.ts";

/** Set to the code of a system error to make the next flush to disk fail with it. */
const disk = vi.hoisted(() => ({ failure: "" }));

vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  return {
    ...fs,
    open: async (...args: Parameters<typeof fs.open>) => {
      const handle = await fs.open(...args);
      if (disk.failure) handle.sync = () => Promise.reject(Object.assign(new Error("system"), { code: disk.failure }));
      return handle;
    },
  };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "folder-test-"));
});
afterEach(async () => {
  disk.failure = "";
  await rm(root, { recursive: true });
});

test("files are listed sorted, with /, through folders and links, and loops end", async () => {
  await mkdir(join(root, "b"));
  await mkdir(join(root, "data"));
  await writeFile(join(root, "b", "2"), "");
  await writeFile(join(root, "b", "1"), "");
  await writeFile(join(root, "a"), "");
  await writeFile(join(root, ".x.partial"), "");
  await symlink(join(root, "b"), join(root, "data", "case"));
  await symlink(root, join(root, "data", "loop"));
  await symlink(join(root, "nowhere"), join(root, "z"));
  expect(await openFolder(root).list()).toEqual(["a", "b/1", "b/2", "data/case/1", "data/case/2", "z"]);
});

test("write makes folders, replaces a file, and read gives the bytes back as a plain array", async () => {
  const folder = openFolder(join(root, "new"));
  await folder.write("deep/file", Uint8Array.of(1, 2));
  await folder.write("deep/file", Uint8Array.of(3));
  const bytes = await folder.read("deep/file");
  expect([...bytes]).toEqual([3]);
  expect(bytes.constructor).toBe(Uint8Array);
  expect(await readdir(join(root, "new", "deep"))).toEqual(["file"]);
});

describe("system errors", () => {
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    return error.message as string;
  };

  test("a folder or file that is not there", async () => {
    expect(await failure(openFolder(join(root, "no")).list())).toBe(
      `${join(root, "no")}: cannot be read: there is no such file or folder`,
    );
    expect(await failure(openFolder(root).read("no"))).toContain("no such file");
  });

  test("a file where a folder must be", async () => {
    await writeFile(join(root, "file"), "");
    expect(await failure(openFolder(join(root, "file")).write("x", new Uint8Array(1)))).toContain(
      "is a file, not a folder",
    );
    expect(await failure(openFolder(join(root, "file")).list())).toContain("is a file, not a folder");
  });

  test("a folder that cannot be made", async () => {
    await writeFile(join(root, "file"), "");
    expect(await failure(requireWritable(join(root, "file")))).toContain("is a file, not a folder");
    expect(await failure(requireWritable(join(root, "file", "x")))).toContain("is a file, not a folder");
    await symlink(join(root, "nowhere", "x"), join(root, "dangling"));
    expect(await failure(requireWritable(join(root, "dangling")))).toContain("cannot be written");
    await requireWritable(join(root, "a", "b", "c"));
    expect(await readdir(join(root, "a", "b"))).toEqual(["c"]);
  });

  test.skipIf(platform() !== "linux")("a folder below /proc, which takes none", async () => {
    expect(await failure(requireWritable("/proc/x/y"))).toContain("/proc/x/y: cannot be written");
  });

  test.each([
    ["ENOSPC", "the disk is full"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "permission is denied"],
    ["EXYZ", "system"],
  ])("%s leaves the old file and nothing else", async (code, words) => {
    const folder = openFolder(root);
    await folder.write("file", Uint8Array.of(1));
    disk.failure = code;
    expect(await failure(folder.write("file", Uint8Array.of(2)))).toContain(`cannot be written: ${words}`);
    expect(await readdir(root)).toEqual(["file"]);
    expect([...(await folder.read("file"))]).toEqual([1]);
  });
});

describe("nodeGzip", () => {
  const text = new TextEncoder().encode("slice ".repeat(1000));
  test("inflate undoes deflate", async () => {
    const packed = await nodeGzip.deflate(text);
    expect(packed.length).toBeLessThan(100);
    expect(await nodeGzip.inflate(packed)).toEqual(text);
  });
  test("data that are cut short are refused", async () => {
    const packed = await nodeGzip.deflate(text);
    await expect(nodeGzip.inflate(packed.subarray(0, -4))).rejects.toThrow("unexpected end of file");
  });
});
