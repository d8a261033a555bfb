/** @file The service on a free port of this machine with a bank of hand-made networks, and requests to it. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBank, writeBank } from "../src/danet/bank.ts";
import { datasetOf } from "../src/data/bank-dataset.ts";
import { writePhantoms } from "../src/data/phantom.ts";
import { nodeGzip, openFolder } from "../src/node/index.ts";
import { type StartOptions, startService } from "../src/server/start.ts";
import { handmadeBank, makeCandidate, makeDecision } from "./handmade-bank.ts";

export const CASE = "phantom_001";

/** A new folder with `bank` (M1 for every window) and `cases/phantom_001`, 32x32x4. */
export async function makeServiceFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "med-danet-serve-"));
  const decision = makeDecision([0, 1, 0]);
  const models = { "M1.onnx": makeCandidate(1), "M2.onnx": makeCandidate(-9), "decision.onnx": decision };
  await writeBank(openFolder(join(root, "bank")), handmadeBank, models);
  await writePhantoms(openFolder(join(root, "cases")), nodeGzip, { cases: 1, seed: 3, size: [32, 32, 4] });
  return root;
}

export type Files = Readonly<Record<string, Uint8Array>>;

/** File name -> bytes of the phantom, truth included. */
export async function readCase(root: string): Promise<Files> {
  const folder = join(root, "cases", CASE);
  const names = await readdir(folder);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))])));
}

export function makeForm(files: Files, fields: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, bytes] of Object.entries(files)) form.append("file", new Blob([new Uint8Array(bytes)]), name);
  return form;
}

/** The service in this process; jobs do what `run` says. Its folder `jobs` is new unless `data` names one. */
export async function startTestService(root: string, options: Partial<StartOptions>) {
  const bank = await readBank(openFolder(join(root, "bank")));
  const data = options.data ?? (await mkdtemp(join(root, "jobs-")));
  const notes: string[] = [];
  const service = await startService({
    ...{ bank, dataset: datasetOf(bank), data, host: "127.0.0.1", port: 0, token: undefined, version: "test" },
    ...{ concurrency: 1, maxWaiting: 100, maxMinutes: 1, keepHours: 1, maxBytes: 1e6, uploadsPerMinute: 1e6 },
    ...{ note: (line: string) => notes.push(line), run: async () => {} },
    page: { app: join(root, "page"), bank: join(root, "bank"), sample: join(root, "cases", CASE), engine: join(root) },
    ...options,
  });
  /** Folders of jobs on disk. */
  const stored = async () => (await readdir(data)).filter((name) => name !== "server.pid");
  return { ...service, ...requestsTo(service.url), data, notes, stored };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: {
    readonly [name: string]: unknown;
    readonly id: string;
    readonly state: string;
    readonly error: string;
  };
}

export function requestsTo(url: string) {
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === "" ? null : JSON.parse(text) };
  };
  const upload = (form: FormData, init?: RequestInit) => ask("/api/v1/cases", { method: "POST", body: form, ...init });
  /** What the events of a job say until it ends. */
  const follow = async (id: string): Promise<Answer["json"][]> => {
    const text = await (await fetch(`${url}/api/v1/jobs/${id}/events`)).text();
    return Array.from(text.matchAll(/^data: (.*)$/gm), ([, json]) => JSON.parse(json));
  };
  return { ask, upload, follow };
}

export const removeFolder = (root: string) => rm(root, { recursive: true });
