/** @file `med-danet serve`: the page and an HTTP API, until it is stopped. */

import { once } from "node:events";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import { openFolder } from "../../node/folder.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import { isPageBuilt } from "../../server/serve-page.ts";
import { startService } from "../../server/start.ts";
import { defineCommand } from "../command.ts";
import { bundledBank, count, device, json } from "../option.ts";
import { locatePage } from "../serve/locate-page.ts";
import { createSegmenters } from "../serve/segmenters.ts";
import { version } from "../version.ts";

export const serve = defineCommand({
  options: {
    bank: bundledBank,
    host: {
      flags: "--host <address>",
      help: "where to listen (default: 127.0.0.1, this machine alone); another one needs --token",
      value: z.string().default("127.0.0.1"),
    },
    port: {
      flags: "--port <n>",
      help: "default: 8080; 0 takes a free one",
      value: z.coerce.number().int().min(0).max(65_535).default(8080),
    },
    token: {
      flags: "--token <text>",
      help: "what clients of the API must send as a bearer token (default: MED_DANET_TOKEN of the environment)",
      value: z.string().optional(),
    },
    data: {
      flags: "--data <dir>",
      help: "where jobs, their uploads and results lie (default: ~/.med-danet/jobs)",
      value: z.string().default(join(homedir(), ".med-danet", "jobs")),
    },
    jobs: { flags: "--jobs <n>", help: "cases at a time, a process each (default: 1)", value: count.default(1) },
    device,
    threads: {
      flags: "--threads <n>",
      help: "threads of the runtime in each process (default: all cores, shared)",
      value: count.optional(),
    },
    maxUpload: {
      flags: "--max-upload <mb>",
      help: "of the files of a case, as sent and as unpacked (default: 1000)",
      value: z.coerce.number().positive().default(1000),
    },
    maxWaiting: {
      flags: "--max-waiting <n>",
      help: "cases in the queue; more are refused (default: 100)",
      value: count.default(100),
    },
    maxMinutes: {
      flags: "--max-minutes <n>",
      help: "a job that takes longer fails (default: 60)",
      value: z.coerce.number().positive().default(60),
    },
    rate: { flags: "--rate <n>", help: "uploads a minute from one address (default: 60)", value: count.default(60) },
    keep: {
      flags: "--keep <hours>",
      help: "how long a finished job and its results stay (default: 24)",
      value: z.coerce.number().positive().default(24),
    },
    json,
  },
  examples: [
    "med-danet serve",
    "med-danet serve --bank banks/brats --port 9000 --data jobs --keep 2",
    "med-danet serve --host 0.0.0.0 --token $(openssl rand -hex 16)",
  ],
  async run(_, options, { print, note, signal }) {
    const { device, jobs: concurrency, threads = Math.ceil(availableParallelism() / concurrency) } = options;
    const bank = await readBank(openFolder(options.bank));
    if (device !== "cpu") await createNodeRuntime({ device }); // a device that is not there is told now
    const page = locatePage(options.bank);
    const setup = { bank: resolve(options.bank), device, threads };
    const segmenters = createSegmenters(setup, (id) => resolve(options.data, id));
    const { token = process.env["MED_DANET_TOKEN"], keep, maxUpload, rate, ...limits } = options;
    const service = await startService({
      ...{ ...limits, bank, dataset: datasetOf(bank), page, token, concurrency, version, note },
      ...{ run: segmenters.run, keepHours: keep, maxBytes: maxUpload * 1e6, uploadsPerMinute: rate },
    });
    try {
      if (!isPageBuilt(page)) note("the page is not built (npm run build:page): only the API is served");
      print(options.json ? JSON.stringify({ url: service.url }) : `${service.url}  page\n${service.url}/docs  API`);
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await service.close();
      segmenters.close();
    }
  },
});
