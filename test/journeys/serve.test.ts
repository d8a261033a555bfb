/** `med-danet serve` as its user has it: a process that is asked over HTTP, stopped, killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { writeBank } from "../../src/danet/bank.ts";
import { openFolder } from "../../src/node/index.ts";
import { handmadeBank } from "../handmade-bank.ts";
import { runProgram } from "../run-program.ts";
import { CASE, type Files, makeForm, makeServiceFolder, readCase, removeFolder, requestsTo } from "../service.ts";

let root: string;
let files: Files;
const servers: ChildProcess[] = [];
beforeAll(async () => {
  root = await makeServiceFolder();
  files = await readCase(root);
});
afterAll(() => removeFolder(root));
afterEach(() => {
  for (const server of servers.splice(0)) server.kill("SIGKILL");
});

const at = (...path: string[]) => join(root, ...path);

async function startServer(data: string, bank = "bank") {
  const options = ["--bank", at(bank), "--data", at(data), "--port", "0", "--threads", "1", "--json"];
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "serve", ...options], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  servers.push(child);
  const [line] = await once(createInterface(child.stdout), "line");
  const { url } = JSON.parse(line) as { url: string };
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await once(child, "exit")) as [number | null, string | null];
  };
  return { ...requestsTo(url), url, end, pid: child.pid! };
}

const run = (...args: string[]) => runProgram(args, AbortSignal.timeout(60_000));

test("upload, events, results: what the command line gives", async () => {
  const line = ["segment", at("cases"), "--bank", at("bank"), "--out", at("out"), "--threads", "1"];
  expect((await run(...line)).code).toBe(0);
  const server = await startServer("jobs");
  const { json } = await server.upload(makeForm(files));
  const events = await server.follow(json.id);
  expect(events.map(({ state }) => state)).toContain("running");
  const last = events.at(-1) as { state?: string; results?: Record<string, string> } | undefined;
  expect(last).toMatchObject({ state: "done", case: CASE });
  const fetched = async (name: string) =>
    Buffer.from(await (await fetch(server.url + last!.results![name])).arrayBuffer());
  expect(await fetched("segmentation")).toEqual(await readFile(at("out", `${CASE}_seg.nii.gz`)));
  expect(await fetched("picture")).toEqual(await readFile(at("out", `${CASE}.png`)));
  const { seconds, peakMemoryMb, ...report } = JSON.parse((await fetched("report")).toString());
  const told = JSON.parse(await readFile(at("out", `${CASE}.json`), "utf8"));
  expect({ ...report, seconds: told.seconds, peakMemoryMb: told.peakMemoryMb }).toEqual(told);
  expect([seconds.total > 0, peakMemoryMb > 0]).toEqual([true, true]);

  const forced = (await server.upload(makeForm(files, { policy: "M2" }))).json.id;
  const other = (await server.follow(forced)).at(-1) as { results?: Record<string, string> } | undefined;
  const { policy, activation } = (await server.ask(other!.results!["report"])).json;
  expect({ policy, activation }).toEqual({ policy: "M2", activation: { skip: 0, M1: 0, M2: 1 } });
  const noTruth = makeForm({ ...files, [`${CASE}_seg.nii.gz`]: files[`${CASE}_flair.nii.gz`] });
  const failed = (await server.follow((await server.upload(noTruth)).json.id)).at(-1);
  expect(failed).toMatchObject({ state: "failed", error: expect.stringContaining(`${CASE}_seg.nii.gz: labels`) });
});

test("probabilities, and a budget in seconds: what the command line gives", async () => {
  const expectedDice = Array.from({ length: 3 }, () => [0.2, 0.5, 0.9]);
  const models: Record<string, Uint8Array> = {};
  for (const name of ["M1.onnx", "M2.onnx", "decision.onnx"]) models[name] = await readFile(at("bank", name));
  await writeBank(openFolder(at("worth")), { ...handmadeBank, expectedDice }, models);
  const line = ["segment", at("cases"), "--bank", at("worth"), "--out", at("timed"), "--threads", "1"];
  expect((await run(...line, "--cost", "time", "--budget", "1000", "--save-probabilities")).code).toBe(0);
  const server = await startServer("timed-jobs", "worth");
  const { json } = await server.upload(makeForm(files, { cost: "time", budget: "1000", probabilities: "true" }));
  const last = (await server.follow(json.id)).at(-1) as { results?: Record<string, string> } | undefined;
  const bytes = await (await fetch(server.url + last!.results!["probabilities"])).arrayBuffer();
  expect(Buffer.from(bytes)).toEqual(await readFile(at("timed", `${CASE}_prob.nii.gz`)));
  const { curve, activation } = (await server.ask(last!.results!["report"])).json;
  expect([curve, activation]).toMatchObject([{ unit: "ms", lambda: 0 }, { M2: 1 }]);

  const plain = (await server.upload(makeForm(files))).json.id;
  expect(Object.keys((await server.follow(plain)).at(-1)!["results"] as object)).not.toContain("probabilities");
  const { status, json: answer } = await server.ask(`/api/v1/jobs/${plain}/probabilities`);
  expect([status, answer.error]).toEqual([404, expect.stringContaining("probabilities=true")]);
});

/** Linux: resident memory of a process at its highest, MB. */
const peakOf = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1000;

test.skipIf(process.platform !== "linux")("twenty large uploads at once: all are done, in bounded memory", async () => {
  const server = await startServer("many");
  const [gap, before] = [2 ** 22, peakOf(server.pid)];
  const large = Object.entries(files).map(([name, bytes]) => [name.replace(".gz", ""), widen(gunzipSync(bytes), gap)]);
  const upload = () => server.upload(makeForm(Object.fromEntries(large), { policy: "M1" }));
  const ids = (await Promise.all(Array.from({ length: 20 }, upload))).map(({ json }) => json.id);
  const ends = await Promise.all(ids.map(async (id) => (await server.follow(id)).at(-1)));
  expect(ends.map((end) => [end?.id, end?.state])).toEqual(ids.map((id) => [id, "done"]));
  const sent = (20 * large.length * gap) / 1e6;
  expect(peakOf(server.pid) - before).toBeLessThan(sent / 2);
});

/** A NIfTI-1 file with `gap` more bytes before its voxels. */
function widen(nifti: Buffer, gap: number): Buffer {
  const offset = nifti.readFloatLE(108);
  const head = Buffer.from(nifti.subarray(0, offset));
  head.writeFloatLE(offset + gap, 108);
  return Buffer.concat([head, Buffer.alloc(gap), nifti.subarray(offset)]);
}

test("killed while jobs run and wait, started again: all are done; a signal ends it in order", async () => {
  const first = await startServer("killed");
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await first.upload(makeForm(files))).json.id);
  expect(await first.end("SIGKILL")).toEqual([null, "SIGKILL"]);
  const states = ids.map((id) => JSON.parse(readFileSync(at("killed", id, "job.json"), "utf8")).state);
  expect(states.filter((state) => state !== "done").length).toBeGreaterThan(0);
  const second = await startServer("killed");
  for (const id of ids) expect((await second.follow(id)).at(-1)).toMatchObject({ id, state: "done" });
  expect(await second.end("SIGTERM")).toEqual([0, null]);
  expect(existsSync(at("killed", "server.pid"))).toBe(false);
  expect((await readdir(at("killed"))).sort()).toEqual(ids.sort());
});

/** Linux: the processes that one started and whose command line holds `word`. */
const childrenOf = (pid: number, word: string): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter((child) => child !== "" && readFileSync(`/proc/${child}/cmdline`, "utf8").includes(word))
    .map(Number);

test.skipIf(process.platform !== "linux")("what kills a segmentation is no harm to the service", async () => {
  const server = await startServer("crashed");
  const ids = [(await server.upload(makeForm(files))).json.id, (await server.upload(makeForm(files))).json.id];
  await expect.poll(() => childrenOf(server.pid, "segment-process").length, { timeout: 60_000 }).toBe(1);
  process.kill(childrenOf(server.pid, "segment-process")[0], "SIGKILL");
  const ends = await Promise.all(ids.map(async (id) => (await server.follow(id)).at(-1)?.state));
  expect(ends).toEqual(["failed", "done"]);
  expect(await server.end("SIGINT")).toEqual([0, null]);
});

test.each([
  ["no bank", ["--bank", "nowhere"], "nowhere: cannot be read"],
  ["another address without a token", ["--host", "0.0.0.0"], "--host 0.0.0.0 needs --token"],
  ["a port that is none", ["--port", "99999"], "--port <n>"],
  ["an unknown device", ["--device", "abacus"], "--device <name>"],
  ["a folder that is a file", ["--data", "package.json"], "package.json: cannot be written"],
])("%s: one line, exit 2", async (_, options, line) => {
  const given = options[0] === "--data" ? options : [...options, "--data", at("unused")];
  const bank = options[0] === "--bank" ? [] : ["--bank", at("bank")];
  const { code, stderr } = await run("serve", ...given, ...bank);
  expect(code).toBe(2);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toContain(line);
});
