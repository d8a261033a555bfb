import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  CASE,
  type Files,
  makeForm,
  makeServiceFolder,
  readCase,
  removeFolder,
  startTestService,
} from "../../test/service.ts";
import { UserError } from "../error.ts";
import { results } from "./job.ts";
import type { RunJob } from "./jobs.ts";

let root: string;
let files: Files;
beforeAll(async () => {
  root = await makeServiceFolder();
  files = await readCase(root);
});
afterAll(() => removeFolder(root));

type Service = Awaited<ReturnType<typeof startTestService>>;
const running: Service[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
});
async function start(options: Parameters<typeof startTestService>[1] = {}) {
  const service = await startTestService(root, options);
  running.push(service);
  return service;
}

/** Runs until it is told to end or stopped. */
function makeSlowRun() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run: RunJob = ({ id }, { signal }) =>
    new Promise((resolve, reject) => {
      begun.push(id);
      ends.set(id, resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { run, begun, end: (id: string) => ends.get(id)!() };
}

const submit = async (service: Service) => (await service.upload(makeForm(files))).json.id;

describe("a job", () => {
  test("is queued, runs with progress, is done, and its results can be fetched", async () => {
    const data = await mkdtemp(join(root, "jobs-"));
    const run: RunJob = async ({ id, names }, { onProgress }) => {
      expect(names).toContain(`${CASE}_t1ce.nii.gz`);
      expect(await readFile(join(data, id, "files", String(names.indexOf(`${CASE}_t2.nii.gz`))))).toEqual(
        files[`${CASE}_t2.nii.gz`],
      );
      onProgress({ stage: "slices", done: 0, total: 4 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      onProgress({ stage: "slices", done: 1, total: 4 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const { file } of Object.values(results)) await writeFile(join(data, id, file), `"${file}"`);
    };
    const service = await start({ data, run });
    const { status, headers, json } = await service.upload(
      makeForm(files, { policy: "M2", flips: "true", probabilities: "true" }),
    );
    expect(status).toBe(202);
    const settings = { policy: "M2", flips: true, cost: "flops", postprocess: true, probabilities: true };
    expect(json).toMatchObject({ case: CASE, settings });
    expect(headers.get("location")).toBe(`/api/v1/jobs/${json.id}`);
    const events = await service.follow(json.id);
    expect(events).toContainEqual(expect.objectContaining({ progress: { stage: "slices", done: 0, total: 4 } }));
    const progress = { stage: "slices", done: 1, total: 4, secondsLeft: expect.any(Number) };
    expect(events).toContainEqual(expect.objectContaining({ progress }));
    const last = events.at(-1)!;
    expect(last).toEqual((await service.ask(`/api/v1/jobs/${json.id}`)).json);
    expect(last).toMatchObject({ state: "done", results: { report: `/api/v1/jobs/${json.id}/report` } });
    expect(last).not.toHaveProperty("names");
    for (const [name, { file, type, ending }] of Object.entries(results)) {
      const result = await fetch(`${service.url}/api/v1/jobs/${json.id}/${name}`);
      expect([await result.text(), result.headers.get("content-type")]).toEqual([`"${file}"`, type]);
      expect(result.headers.get("content-disposition")).toBe(`attachment; filename="${CASE}${ending}"`);
    }
    expect((await service.stored()).length).toBe(1);
    await expect(readFile(join(data, json.id, "files", "0"))).rejects.toThrow("ENOENT"); // uploads are not kept
  });

  test("that cannot be segmented has failed with a line; a bug is told in the log", async () => {
    const errors = [new UserError("the brain must not be empty"), new TypeError("x is not a function")];
    const service = await start({ run: () => Promise.reject(errors.shift()) });
    const ends = [await submit(service), await submit(service)].map(async (id) => (await service.follow(id)).at(-1));
    const lines = (await Promise.all(ends)).map((job) => job!.error);
    expect(lines).toEqual(["the brain must not be empty", expect.stringContaining("its log says why")]);
    expect(service.notes.join("\n")).toContain("x is not a function");
  });

  test("waits its turn, and says how many are before it", async () => {
    const { run, begun, end } = makeSlowRun();
    const service = await start({ run });
    const ids = [await submit(service), await submit(service), await submit(service)];
    const positions = async () =>
      Promise.all(ids.map(async (id) => (await service.ask(`/api/v1/jobs/${id}`)).json["position"]));
    await vi.waitFor(() => expect(begun).toEqual(ids.slice(0, 1)));
    expect(await positions()).toEqual([undefined, 0, 1]);
    expect((await service.ask("/api/v1/health")).json).toMatchObject({ queued: 2, running: 1 });
    expect((await service.ask(`/api/v1/jobs/${ids[1]}/report`)).status).toBe(409);
    end(ids[0]);
    await vi.waitFor(() => expect(begun).toEqual(ids.slice(0, 2)));
    expect(await positions()).toEqual([undefined, undefined, 0]);
  });

  test("is stopped and removed by DELETE, waiting or running", async () => {
    const { run, begun } = makeSlowRun();
    const service = await start({ run });
    const ids = [await submit(service), await submit(service)];
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    for (const id of ids.toReversed()) {
      const events = service.follow(id);
      expect((await service.ask(`/api/v1/jobs/${id}`, { method: "DELETE" })).status).toBe(204);
      await events; // end with the job
      expect((await service.ask(`/api/v1/jobs/${id}`)).status).toBe(404);
    }
    expect(await service.stored()).toEqual([]);
    expect((await service.ask("/api/v1/health")).json).toMatchObject({ queued: 0, running: 0 });
  });

  test("is heard of while nothing changes", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const { run, begun, end } = makeSlowRun();
    const service = await start({ run });
    const id = await submit(service);
    await vi.waitFor(() => expect(begun).toEqual([id]));
    const reader = (await fetch(`${service.url}/api/v1/jobs/${id}/events`)).body!.getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    const now = await read();
    vi.advanceTimersByTime(15_000);
    expect(await read()).toBe(now);
    vi.useRealTimers();
    end(id);
    expect(await read()).toContain('"state":"done"');
  });

  test("that takes too long has failed", async () => {
    const service = await start({ run: makeSlowRun().run, maxMinutes: 0.001 });
    expect((await service.follow(await submit(service))).at(-1)!.error).toContain("may take 0.001 minutes");
  });

  test("expires with its files, in a server that is up and over a restart", async () => {
    const short = await start({ keepHours: 0.1 / 3600 });
    const id = await submit(short);
    await vi.waitFor(async () => expect(await short.stored()).toEqual([]), { timeout: 10_000 });
    expect((await short.ask(`/api/v1/jobs/${id}`)).status).toBe(404);

    const long = await start({ keepHours: 1 });
    const kept = (await long.follow(await submit(long))).at(-1)!;
    const time = (name: string) => Date.parse(String(kept[name]));
    expect(time("expires") - time("finished")).toBe(3_600_000);
    await long.close();
    const later = await start({ data: long.data, keepHours: 1e-9 });
    expect((await later.ask(`/api/v1/jobs/${kept.id}`)).status).toBe(404);
    await vi.waitFor(async () => expect(await later.stored()).toEqual([]), { timeout: 10_000 });
  });

  test("twenty at once with one at a time: all are done, in their order, none is lost", async () => {
    const begun: string[] = [];
    let [now, most] = [0, 0];
    const service = await start({
      run: async ({ id }) => {
        most = Math.max(most, ++now);
        begun.push(id);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
      },
    });
    const ids = await Promise.all(Array.from({ length: 20 }, () => submit(service)));
    const ends = await Promise.all(ids.map(async (id) => (await service.follow(id)).at(-1)!.state));
    expect([new Set(ends), most]).toEqual([new Set(["done"]), 1]);
    expect(begun.toSorted()).toEqual(ids.toSorted());
  });
});

describe("a restart", () => {
  test("goes on with what waited and what ran", async () => {
    const slow = makeSlowRun();
    const first = await start({ run: slow.run });
    const ids = [await submit(first), await submit(first)];
    await vi.waitFor(() => expect(slow.begun).toHaveLength(1));
    await first.close();
    const begun: string[] = [];
    const second = await start({
      data: first.data,
      run: async ({ id, attempts }) => void begun.push(`${id} ${attempts}`),
    });
    for (const id of ids) expect((await second.follow(id)).at(-1)!.state).toBe("done");
    expect(begun).toEqual(ids.map((id) => `${id} 1`)); // an orderly end is no attempt
    await second.close();
    const third = await start({ data: first.data });
    expect((await third.ask(`/api/v1/jobs/${ids[0]}`)).json.state).toBe("done");
  });

  const ID = "00000000-0000-4000-8000-000000000000";
  const settings = { policy: "dynamic", flips: false, postprocess: true };
  const created = new Date().toISOString();
  const record = { id: ID, state: "running", case: "a", settings, created, started: created, names: [], attempts: 1 };
  async function startWith(json: string | null, file = "job.json") {
    const data = await mkdtemp(join(root, "jobs-"));
    await mkdir(join(data, ID, "files"), { recursive: true });
    if (json !== null) await writeFile(join(data, ID, file), json);
    return start({ data });
  }

  test("begins a job again that the server was killed with, but not for ever", async () => {
    const again = await startWith(JSON.stringify(record));
    expect((await again.follow(ID)).at(-1)!.state).toBe("done");
    const given = await startWith(JSON.stringify({ ...record, attempts: 3 }));
    expect((await given.ask(`/api/v1/jobs/${ID}`)).json).toMatchObject({ state: "failed", error: /3 times/ });
  });

  test("removes uploads that were cut off, and leaves alone what it cannot read", async () => {
    expect(await (await startWith(null)).stored()).toEqual([]);
    const strange = await startWith('{"version": 9}');
    expect(await strange.stored()).toEqual([ID]);
    expect(strange.notes.join()).toContain("job.json is not of this version");
  });

  test("does not run the jobs of a server that is up", async () => {
    const data = await mkdtemp(join(root, "jobs-"));
    await writeFile(join(data, "server.pid"), String(process.ppid));
    await expect(start({ data })).rejects.toThrow(`process ${process.ppid} has it`);
  });
});

describe("who may use it", () => {
  const token = "0123456789abcdef";
  const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

  test("with a token: who sends it; health and document are for all", async () => {
    const service = await start({ token });
    expect((await service.upload(makeForm(files))).status).toBe(401);
    expect((await service.upload(makeForm(files), bearer(`${token}0`))).headers.get("www-authenticate")).toBe("Bearer");
    expect((await service.ask("/api/v1/jobs/x", bearer("wrong"))).status).toBe(401);
    expect(await service.stored()).toEqual([]);
    const { status, json } = await service.upload(makeForm(files), bearer(token));
    expect(status).toBe(202);
    expect((await service.ask(`/api/v1/jobs/${json.id}`, bearer(token))).status).toBe(200);
    expect((await service.ask("/api/v1/health")).status).toBe(200);
    expect((await service.ask("/docs/json")).json).toHaveProperty("components.securitySchemes.token.scheme", "bearer");
  });

  test.each([
    ["another address without a token", { host: "0.0.0.0" }, "--host 0.0.0.0 needs --token"],
    ["a short token", { token: "secret" }, "must have 16 characters or more, found 6"],
  ])("%s is refused", async (_, options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });

  test("a port that is taken is told, and leaves the folder free", async () => {
    const port = Number(new URL((await start()).url).port);
    const data = await mkdtemp(join(root, "jobs-"));
    await expect(start({ port, data })).rejects.toThrow("choose another --port");
    await start({ data });
  });

  test("without a token: not pages of other sites", async () => {
    const { ask, upload, url, stored } = await start();
    expect((await upload(makeForm(files), { headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await ask("/api/v1/health", { headers: { origin: url } })).status).toBe(200);
    expect(await stored()).toEqual([]);
  });
});

describe("the document and the page", () => {
  test("OpenAPI names every route, and nothing of other origins is needed to read it", async () => {
    const service = await start();
    const { json } = await service.ask("/docs/json");
    const routes = Object.entries(json["paths"] as object).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.toSorted()).toEqual([
      ...["delete /api/v1/jobs/{id}", "get /api/v1/health", "get /api/v1/jobs/{id}", "get /api/v1/jobs/{id}/events"],
      ...["picture", "probabilities", "report", "segmentation"].map((name) => `get /api/v1/jobs/{id}/${name}`),
      "post /api/v1/cases",
    ]);
    const body = ["/api/v1/cases", "post", "requestBody", "content", "multipart/form-data", "schema", "properties"];
    for (const [field, value] of Object.entries({ policy: "dynamic", cost: "flops" }))
      expect(json["paths"]).toHaveProperty([...body, field], expect.objectContaining({ default: value }));
    expect(json["paths"]).toHaveProperty([...body, "probabilities", "description"]);
    const html = await fetch(`${service.url}/docs`);
    expect(html.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect((await html.text()).match(/(src|href)="(?!\/docs\/)[^"]*"/)).toBe(null);
  });

  test("the page comes with its headers, bank, sample and engine; nothing else of their folders", async () => {
    const page = join(root, "page");
    await mkdir(page, { recursive: true });
    await writeFile(join(page, "index.html"), "<title>page</title>");
    await writeFile(join(root, "ort-wasm-simd-threaded.wasm"), "wasm");
    const service = await start();
    const get = async (path: string) => fetch(service.url + path);
    const index = await get("/");
    expect(await index.text()).toBe("<title>page</title>");
    expect(index.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(index.headers.get("content-security-policy")).toContain("connect-src 'self'");
    const paths = ["/bank/bank.json", "/bank/M1.onnx", `/sample/${CASE}_t1.nii.gz`, "/ort/ort-wasm-simd-threaded.wasm"];
    for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 200]);
    expect((await get(paths[3])).headers.get("cross-origin-resource-policy")).toBe("same-origin");
    const closed = ["/bank/../jobs", "/bank/%2e%2e/cases", "/ort/bank/bank.json", "/bank/", "/sample", "/..%2fbank"];
    for (const path of closed) expect([path, (await get(path)).status]).toEqual([path, 404]);
  });

  test("without a built page there is the API alone", async () => {
    const service = await start({ page: { app: join(root, "nowhere"), bank: root, sample: root, engine: root } });
    expect(await service.ask("/")).toMatchObject({ status: 404, json: { error: expect.stringContaining("/docs") } });
  });
});
