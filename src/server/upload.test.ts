import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  CASE,
  type Files,
  makeForm,
  makeServiceFolder,
  readCase,
  removeFolder,
  startTestService,
} from "../../test/service.ts";
import { readBank } from "../danet/bank.ts";
import { openFolder } from "../node/index.ts";
import { createRandom, type Random } from "../random.ts";
import type { RunJob } from "./jobs.ts";

const MB = 1e6;

let root: string;
let files: Files;
let service: Awaited<ReturnType<typeof startTestService>>;
beforeAll(async () => {
  root = await makeServiceFolder();
  files = await readCase(root);
  service = await startTestService(root, { maxBytes: MB });
});
afterAll(async () => {
  await service.close();
  await removeFolder(root);
});

const T1 = `${CASE}_t1.nii.gz`;
const without = (name: string) => Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
const replaced = (bytes: Uint8Array) => ({ ...files, [T1]: bytes });
const waitForever: RunJob = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** A NIfTI-1 file of one voxel. */
function makeNifti(spacing: number): Buffer {
  const bytes = Buffer.alloc(353);
  bytes.writeInt32LE(348, 0);
  for (const [i, n] of [3, 1, 1, 1].entries()) bytes.writeInt16LE(n, 40 + 2 * i);
  bytes.writeInt16LE(2, 70);
  bytes.writeInt16LE(8, 72);
  for (const axis of [1, 2, 3]) bytes.writeFloatLE(spacing, 76 + 4 * axis);
  bytes.writeFloatLE(352, 108);
  bytes.write("n+1", 344);
  return bytes;
}
const bomb = () => gzipSync(Buffer.concat([makeNifti(1), Buffer.alloc(3 * MB)]));

describe("what is no case: 4xx, one line, nothing stays", () => {
  test.each<[string, () => FormData, number, string]>([
    ["no file", () => makeForm({}), 400, "found no file"],
    ["a missing modality", () => makeForm(without(T1)), 400, "missing: t1"],
    ["a name that says nothing", () => makeForm({ "hello.txt": files[T1] }), 400, 'found "hello.txt"'],
    ["a name that is a path", () => makeForm({ ...without(T1), "../../etc/passwd": files[T1] }), 400, 'found "passwd"'],
    ["two cases", () => makeForm({ "a_t1.nii.gz": files[T1], "b_t1.nii.gz": files[T1] }), 400, "missing"],
    ["a file that is not NIfTI", () => makeForm(replaced(Buffer.from("hello"))), 400, "must be a NIfTI file"],
    ["gzip that is not NIfTI", () => makeForm(replaced(gzipSync("hello"))), 400, "must be a NIfTI file"],
    ["an empty file", () => makeForm(replaced(Buffer.alloc(0))), 400, "an empty file"],
    ["gzip cut short", () => makeForm(replaced(files[T1].subarray(0, 900))), 400, "gzip file must be whole"],
    ["more than allowed", () => makeForm(replaced(Buffer.alloc(1.2 * MB))), 413, "may have 1 MB here"],
    ["more when unpacked", () => makeForm(replaced(bomb())), 413, "may have 1 MB here"],
    ["more at the bank's spacing", () => makeForm(replaced(makeNifti(1000))), 413, "may have 1 MB here"],
    ["too many files", () => makeForm({ ...files, "x_t1.nii": files[T1] }), 413, "at most 5 files"],
    ["an unknown field", () => makeForm(files, { colour: "red" }), 400, 'Unrecognized key: "colour"'],
    ["a long field", () => makeForm(files, { policy: "M".repeat(1000) }), 400, 'field "policy"'],
    ["a policy that is not there", () => makeForm(files, { policy: "M9" }), 400, "known are: dynamic, M1, M2"],
    ["a setting that does not fit", () => makeForm(files, { setting: "full" }), 400, "setting full needs a bank"],
    ["a number that is none", () => makeForm(files, { budget: "much" }), 400, 'field "budget": must be a number'],
    ["an effort of 2", () => makeForm(files, { effort: "2" }), 400, 'field "effort"'],
    ["effort and budget", () => makeForm(files, { effort: "1", budget: "2" }), 400, "two ways to say one thing"],
    ["effort for this bank", () => makeForm(files, { effort: "1" }), 400, 'the bank: budget and effort need "exp'],
    ["time for this bank", () => makeForm(files, { cost: "time" }), 400, 'the bank: budget and effort need "exp'],
    ["time for one network", () => makeForm(files, { cost: "time", policy: "M1" }), 400, "cost time needs policy dyn"],
    ["effort for one network", () => makeForm(files, { effort: "1", policy: "M1" }), 400, "leave out policy, found M1"],
    ["a cost that is none", () => makeForm(files, { cost: "money" }), 400, 'field "cost"'],
    ["a name of Object", () => makeForm(files, { toString: "1" }), 400, "prototype"],
  ])("%s", async (_, form, status, line) => {
    const { status: found, json } = await service.upload(form());
    expect([found, Object.keys(json)]).toEqual([status, ["error"]]);
    expect(json.error).toContain(line);
    expect(json.error).not.toMatch(/\n|\/tmp|--/);
    expect(await service.stored()).toEqual([]);
  });

  const multipart = { "content-type": "multipart/form-data; boundary=x" };
  test.each<[string, RequestInit, number]>([
    ["JSON", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }, 415],
    ["nothing", { method: "POST" }, 415],
    ["a form without boundary", { method: "POST", body: "x", headers: { "content-type": "multipart/form-data" } }, 400],
    ["a form that ends early", { method: "POST", body: "--x\r\n", headers: multipart }, 400],
    ["a file without a name", { method: "POST", body: part("application/octet-stream"), headers: multipart }, 400],
    ["another method", { method: "PUT", body: "x" }, 404],
  ])("%s", async (_, init, status) => {
    const answer = await service.ask("/api/v1/cases", init);
    expect([answer.status, Object.keys(answer.json)]).toEqual([status, ["error"]]);
    expect(await service.stored()).toEqual([]);
  });

  function part(type: string) {
    return `--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: ${type}\r\n\r\nhello\r\n--x--\r\n`;
  }

  test.each(["/api/v1/jobs/../../etc/passwd", "/api/v1/jobs/%2e%2e", "/api/v1/jobs/x/report", "/api/v2", "/%zz"])(
    "no such route or job: %s",
    async (path) => {
      const { status, json } = await service.ask(path);
      expect([400, 404]).toContain(status);
      expect(Object.keys(json)).toEqual(["error"]);
    },
  );

  test("a bank without a decision network asks which of its networks", async () => {
    const { decision: _, ...bank } = await readBank(openFolder(join(root, "bank")));
    const unrouted = await startTestService(root, { bank });
    expect((await unrouted.upload(makeForm(files))).json.error).toContain("choose one of its candidates as the policy");
    expect((await unrouted.upload(makeForm(files, { policy: "M2" }))).status).toBe(202);
    await unrouted.close();
    const single = await startTestService(root, { bank: { ...bank, candidates: bank.candidates.slice(0, 1) } });
    expect((await single.upload(makeForm(files))).json).toMatchObject({ settings: { policy: "M1" } });
    await single.close();
  });

  test("too many cases wait, too many come in a minute: 429", async () => {
    const full = await startTestService(root, { maxWaiting: 1, run: waitForever });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await full.upload(makeForm(files))).status);
    expect(statuses).toEqual([202, 202, 429]); // one runs, one waits
    await full.close();
    const limited = await startTestService(root, { uploadsPerMinute: 1 });
    expect((await limited.upload(makeForm({}))).status).toBe(400);
    const { status, headers, json } = await limited.upload(makeForm(files));
    expect([status, headers.has("retry-after")]).toEqual([429, true]);
    expect(json.error).toContain("retry in");
    await limited.close();
  });

  test("a connection that is cut leaves nothing", async () => {
    const [head] = Buffer.from(part("application/octet-stream").replace('"file"', `"file"; filename="${T1}"`))
      .toString()
      .split("hello");
    const headers = { ...multipart, "content-length": "90000" };
    const sending = request(`${service.url}/api/v1/cases`, { method: "POST", headers });
    sending.on("error", () => {});
    sending.write(`${head}${"x".repeat(50_000)}`);
    await vi.waitFor(async () => expect(await service.stored()).toHaveLength(1));
    sending.destroy();
    await vi.waitFor(async () => expect(await service.stored()).toEqual([]));
  });
});

/** Ways to spoil a form. */
const damages: readonly ((form: Buffer, random: Random) => Buffer)[] = [
  (form) => form,
  (form, { integer }) => form.subarray(0, integer(form.length)),
  (form, { integer }) => splice(form, integer(form.length), { remove: 1 + integer(300) }),
  (form, { integer }) => splice(form, integer(form.length), { insert: randomBytes(1 + integer(300), integer) }),
  (form, { integer }) => splice(form, integer(form.length), { insert: form.subarray(0, 200) }),
  (form, { integer }) => splice(form, integer(300), { remove: 1, insert: randomBytes(1, integer) }), // in the first header
  (form, { integer }) => splice(form, form.length - 1 - integer(60), { remove: 1, insert: randomBytes(1, integer) }),
  (_, { integer }) => randomBytes(integer(3000), integer),
];
const randomBytes = (length: number, integer: Random["integer"]) =>
  Buffer.from(Array.from({ length }, () => integer(256)));
const splice = (bytes: Buffer, at: number, { remove = 0, insert = Buffer.alloc(0) as Buffer }) =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

test("random and damaged forms: no 5xx, and nothing stays but cases that were queued", async () => {
  const random = createRandom(1);
  const form = new Response(makeForm(files, { policy: "M1" }));
  const type = form.headers.get("content-type")!;
  const whole = Buffer.from(await form.arrayBuffer());
  const statuses = new Map<number, number>();
  const send = async () => {
    const body = new Uint8Array(damages[random.integer(damages.length)](whole, random));
    const contentType = random.uniform() < 0.9 ? type : type.slice(0, random.integer(type.length));
    const init = { method: "POST", body, headers: { "content-type": contentType } };
    const { status, json } = await service.ask("/api/v1/cases", init);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 202) await service.ask(`/api/v1/jobs/${json.id}`, { method: "DELETE" });
    else expect(Object.keys(json)).toEqual(["error"]);
  };
  for (let round = 0; round < 200; round++) await Promise.all(Array.from({ length: 10 }, send));
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  expect(statuses.get(400)).toBeGreaterThan(1000);
  expect(statuses.get(202)).toBeGreaterThan(30);
  expect(await service.stored()).toEqual([]);
  expect(service.notes.filter((line) => !line.startsWith("job "))).toEqual([]);
});
