import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { handmadeBank, makeCandidate, makeDecision } from "../../../test/handmade-bank.ts";
import { writeBank } from "../../danet/bank.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { nodeGzip } from "../../node/gzip.ts";
import { openFolder } from "../../node/index.ts";
import { type NiftiImage, readNifti, readNiftiLabels, writeNiftiVolume } from "../../volume/nifti.ts";
import { reorient } from "../../volume/orientation.ts";
import { runProgram } from "../program.ts";

/** Set to make every flush to disk fail as on a full disk. */
const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  return {
    ...fs,
    open: async (...args: Parameters<typeof fs.open>) => {
      const handle = await fs.open(...args);
      if (disk.isFull) handle.sync = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
      return handle;
    },
  };
});

let made: string;
let root: string;
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), "segment-made-"));
  await writePhantoms(openFolder(join(made, "cases")), nodeGzip, { cases: 2, seed: 3, size: [32, 32, 4] });
  const models = {
    "M1.onnx": makeCandidate(1),
    "M2.onnx": makeCandidate(-9),
    "decision.onnx": makeDecision([0, 1, 0]),
  }; // M1 for every window
  await writeBank(openFolder(join(made, "bank")), handmadeBank, models);
  const strange = { ...models, "M1.onnx": makeCandidate(1, 3) };
  await writeBank(openFolder(join(made, "strange")), handmadeBank, strange);
});
afterAll(() => rm(made, { recursive: true }));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "segment-test-"));
  await cp(made, root, { recursive: true });
});
afterEach(async () => {
  disk.isFull = false;
  await rm(root, { recursive: true });
});

const at = (...path: string[]) => join(root, ...path);
const first = (ending: string) => at("cases", "phantom_001", `phantom_001_${ending}`);

/** Runs `med-danet segment` in this process; a word that begins with "@" is a path in the test's folder. */
async function segment(line: string, { abortAt }: { abortAt?: string } = {}) {
  const controller = new AbortController();
  const texts = { stdout: "", stderr: "" };
  const output = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
      if (abortAt !== undefined && text.includes(abortAt)) controller.abort();
    },
    isTTY: abortAt !== undefined,
  });
  const args = line.split(" ").map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
  const surroundings = { stdout: output("stdout"), stderr: output("stderr"), signal: controller.signal };
  return { code: await runProgram(["segment", ...args], surroundings), ...texts };
}

const DEFAULT = "@cases --bank @bank --out @out --threads 1";
const written = async () => (await readdir(at("out")).catch(() => [])).sort();

describe("a folder of cases", () => {
  test("gets a label map, a report and a picture a case", async () => {
    const { code, stdout, stderr } = await segment(DEFAULT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const files = ["phantom_001", "phantom_002"].flatMap((id) => [`${id}.json`, `${id}.png`, `${id}_seg.nii.gz`]);
    expect(await written()).toEqual(files.sort());
    for (const word of ["phantom_001", "Dice     ET", "HD95", "volume", "routing  skip 0.0 %  M1 100.0 %", "seconds"])
      expect(stdout).toContain(word);
    const report = JSON.parse(await readFile(at("out", "phantom_001.json"), "utf8"));
    expect(report).toMatchObject({
      case: "phantom_001",
      policy: "dynamic",
      activation: { skip: 0, M1: 1, M2: 0 },
      // 4 slices of 4 windows
      flops: { macs: 16_000, alwaysLargest: { macs: 32_000 } },
      volumesMl: { ET: 0 },
    });
    expect(report.decisions).toHaveLength(16);
    expect(report.decisions[5]).toMatchObject({ slice: 1, window: 1, choice: 1 });
    expect(report.metrics.WT.dice).toBeGreaterThan(0.5);
  });

  test("labels are edema where FLAIR is bright, on the source's grid, with its header", async () => {
    await segment(DEFAULT);
    const bytes = await readFile(at("out", "phantom_001_seg.nii.gz"));
    const { data, grid } = await readNiftiLabels(bytes, nodeGzip, "out");
    const source = await readNifti(await readFile(first("flair.nii.gz")), nodeGzip, "in");
    expect(grid).toEqual(source.grid);
    const brain = source.data.filter((value) => value > 0);
    const mean = brain.reduce((a, b) => a + b) / brain.length;
    const sd = Math.sqrt(brain.reduce((a, b) => a + (b - mean) ** 2, 0) / brain.length);
    const isBright = (value: number) => value > 0 && (value - mean) / sd > 1;
    expect([...data]).toEqual(Array.from(source.data, (value) => (isBright(value) ? 2 : 0)));
  });

  test("a case stored in another orientation gets the same voxels", async () => {
    await segment("@cases/phantom_001 --bank @bank --out @out");
    const plain = await readNiftiLabels(await readFile(at("out", "phantom_001_seg.nii.gz")), nodeGzip, "plain");
    for (const ending of ["flair", "t1ce", "t1", "t2", "seg"].map((name) => `${name}.nii.gz`)) {
      const { grid, data } = await readNifti(await readFile(first(ending)), nodeGzip, ending);
      await writeFile(first(ending), await writeNiftiVolume(reorient({ grid, data }, "SAR"), nodeGzip));
    }
    expect((await segment("@cases/phantom_001 --bank @bank --out @turned")).stderr).toBe("");
    const turned = await readNiftiLabels(await readFile(at("turned", "phantom_001_seg.nii.gz")), nodeGzip, "turned");
    expect(turned.grid.size).toEqual([4, 32, 32]);
    expect([...reorient(turned, "LPS").data]).toEqual([...plain.data]);
  });

  test("--json prints the reports and nothing else", async () => {
    const { stdout } = await segment(`${DEFAULT} --json`);
    const { cases, failed } = JSON.parse(stdout);
    expect(cases.map((one: { case: string }) => one.case)).toEqual(["phantom_001", "phantom_002"]);
    expect(failed).toEqual([]);
  });

  test("a case without truth has no Dice", async () => {
    await rm(first("seg.nii.gz"));
    const { code, stdout } = await segment("@cases/phantom_001 --bank @bank --out @out");
    expect(code).toBe(0);
    expect(stdout).not.toContain("Dice");
  });
});

describe("results that are there", () => {
  test("are kept without --force, and nothing runs", async () => {
    await segment("@cases/phantom_002 --bank @bank --out @out");
    const { code, stderr } = await segment(DEFAULT);
    expect(code).toBe(2);
    expect(stderr).toContain("phantom_002_seg.nii.gz: already there; add --force to overwrite");
    expect(await written()).toHaveLength(3);
  });
  test("are overwritten with --force", async () => {
    await segment(DEFAULT);
    await writeFile(at("out", "phantom_001_seg.nii.gz"), "old");
    expect((await segment(`${DEFAULT} --force`)).code).toBe(0);
    expect(await readFile(at("out", "phantom_001_seg.nii.gz"), "latin1")).not.toBe("old");
  });
  test("are never the truth of the input", async () => {
    const { code, stderr } = await segment("@cases/phantom_001 --bank @bank --out @cases/phantom_001 --force");
    expect(code).toBe(2);
    expect(stderr).toContain("whose truth would be overwritten");
  });
});

test("one bad case is told, the others are done, the exit code is 2", async () => {
  await rm(first("t1.nii.gz"));
  const { code, stderr } = await segment(`${DEFAULT} @nowhere`);
  expect(code).toBe(2);
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("nowhere: cannot be read: there is no such file or folder");
  expect(lines[1]).toContain('case "phantom_001"');
  expect(lines[2]).toBe("error: 2 of 3 cases failed, as told above");
  expect(await written()).toEqual(["phantom_002.json", "phantom_002.png", "phantom_002_seg.nii.gz"]);
});

test("Ctrl-C ends with 130 and leaves nothing of the case", async () => {
  const { code, stderr } = await segment("@cases --bank @bank --out @out", { abortAt: "slices" });
  expect(code).toBe(130);
  expect(stderr).toContain("interrupted");
  expect(await written()).toEqual([]);
});

const T1 = "t1.nii.gz";

/** Changes the unpacked bytes of a channel of the first case. */
async function patch(ending: string, change: (bytes: Buffer) => void) {
  const bytes = gunzipSync(await readFile(first(ending)));
  change(bytes);
  await writeFile(first(ending), gzipSync(bytes));
}

/** Writes a channel of the first case anew, as float32. */
async function rewrite(ending: string, change: (image: NiftiImage) => Partial<NiftiImage>) {
  const image = await readNifti(await readFile(first(ending)), nodeGzip, ending);
  await writeFile(first(ending), await writeNiftiVolume({ ...image, ...change(image) }, nodeGzip));
}

async function editBank(change: Record<string, unknown>) {
  const bank = JSON.parse(await readFile(at("bank", "bank.json"), "utf8"));
  await writeFile(at("bank", "bank.json"), JSON.stringify({ ...bank, ...change }));
}

const damage = {
  nothing: async () => {},
  reshape: () => rewrite(T1, ({ grid }) => ({ grid: { ...grid, size: [32, 16, 8] } })),
  shift: () =>
    rewrite(T1, ({ grid }) => ({ grid: { ...grid, affine: grid.affine.map((v, i) => (i === 3 ? v + 5 : v)) } })),
  truncate: async () => writeFile(first(T1), (await readFile(first(T1))).subarray(0, 900)),
  make4D: () =>
    patch(T1, (bytes) => {
      bytes.writeInt16LE(4, 40); // dim[0]: axes
      bytes.writeInt16LE(2, 46); // dim[3]: slices
      bytes.writeInt16LE(2, 48); // dim[4]: volumes
    }),
  putNaN: async () => {
    await rewrite(T1, () => ({}));
    await patch(T1, (bytes) => bytes.writeFloatLE(Number.NaN, bytes.length - 4));
  },
  emptyBrain: async () => {
    const empty = ({ data }: NiftiImage) => ({ data: data.map(() => 0) });
    for (const channel of handmadeBank.channels) await rewrite(`${channel}.nii.gz`, empty);
  },
  fillDisk: async () => {
    disk.isFull = true;
  },
};

describe("bad input: exit 2, one line, nothing written", () => {
  const ONE = "@cases/phantom_001 --bank @bank --out @out --threads 1";
  const onStrangeBank = ONE.replace("@bank", "@strange");
  test.each<[string, string, () => Promise<unknown>, string]>([
    ["a missing modality", ONE, () => rm(first(T1)), "missing: t1"],
    ["two files for one", ONE, () => cp(first(T1), first("t1.nii")), "t1 has 2"],
    ["shapes that differ", ONE, damage.reshape, "same size"],
    ["affines that differ", ONE, damage.shift, "same affine"],
    ["a truncated .gz", ONE, damage.truncate, "the gzip file must be whole"],
    ["a file that is not NIfTI", ONE, () => writeFile(first(T1), "hello"), "phantom_001_t1.nii.gz"],
    ["4D", ONE, damage.make4D, "phantom_001_t1.nii.gz"],
    ["NaN voxels", ONE, damage.putNaN, "found 1 of 4096 NaN"],
    ["an empty brain", ONE, damage.emptyBrain, "the brain"],
    ["a bank with a changed file", ONE, () => writeFile(at("bank", "M2.onnx"), "x"), "M2.onnx must have sha256"],
    ["an unknown bank format", ONE, () => editBank({ formatVersion: 9 }), "formatVersion 1, found 9"],
    ["a bank of an unknown data set", ONE, () => editBank({ dataset: "teeth" }), 'data set "teeth" is not known'],
    ["no bank", ONE.replace("@bank", "@nowhere"), damage.nothing, "nowhere: cannot be read"],
    ["a candidate that does not fit", onStrangeBank, damage.nothing, 'must take "image" float32 [N, 4, 16, 16]'],
    ["an output folder in a file", ONE, () => writeFile(at("out"), ""), "is a file, not a folder"],
    ["a full disk", ONE, damage.fillDisk, "the disk is full"],
    ["no case in the folder", ONE.replace("@cases/phantom_001", "@bank"), damage.nothing, "found none"],
    ["an unknown policy", `${ONE} --policy M9`, damage.nothing, "known are: dynamic, M1, M2"],
    [
      "a setting that does not fit",
      `${ONE} --setting full`,
      damage.nothing,
      "setting full needs a bank whose input is the whole slice",
    ],
    ["an unknown device", `${ONE} --device abacus`, damage.nothing, "--device <name>"],
    ["a number that is none", ONE.replace("--threads 1", "--threads none"), damage.nothing, "--threads <n>"],
    ["an unknown option", `${ONE} --colour`, damage.nothing, "unknown option '--colour'"],
    ["a missing option", "@cases --bank @bank", damage.nothing, "required option '--out <dir>' not specified"],
  ])("%s", async (_, line, prepare, message) => {
    await prepare();
    const { code, stderr, stdout } = await segment(line);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(await written()).toEqual([]);
  });
});
