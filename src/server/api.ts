/** @file The routes below /api/v1. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { requireToken } from "./access.ts";
import { followJob } from "./events.ts";
import { httpError } from "./http-error.ts";
import { formSchema, type JobView, jobPath, type ResultName, results, resultsOf, viewSchema } from "./job.ts";
import { receiveCase, type UploadOptions } from "./upload.ts";

export interface ApiOptions extends UploadOptions {
  readonly token: string | undefined;
  readonly version: string;
  /** Uploads a minute from one address; other requests may be `READS` times as many. */
  readonly uploadsPerMinute: number;
}

const READS = 20;

const params = z.object({ id: z.string().describe("of a job") });
const problem = z.object({ error: z.string().describe("one line: what must hold, what was found, the way out") });
const problems = { "4xx": problem, "5xx": problem };
const body = (type: string, description: string) => ({
  ...{ 200: { description, content: { [type]: { schema: z.string() } } } },
  ...problems,
});

/** Expects the plugins of forms and rates to be there. */
export async function addApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { token } = options;
  addHealth(app, options);
  await app.register(async (guarded) => {
    if (token !== undefined) guarded.addHook("onRequest", async (request) => requireToken(request, token));
    addUpload(guarded, options);
    addReading(guarded, options);
    addResults(guarded, options);
  });
}

const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();
const perMinute = (max: number) => ({ rateLimit: { max, timeWindow: "1 minute" } });

const health = z.object({
  status: z.literal("up"),
  version: z.string(),
  bank: z.object({ dataset: z.string(), sha256: z.string() }),
  queued: z.number(),
  running: z.number(),
});

function addHealth(app: FastifyInstance, { jobs, version, bank: { dataset, sha256 } }: ApiOptions): void {
  const schema = {
    summary: "What the service is and has to do; needs no token",
    response: { 200: health, ...problems },
  };
  typed(app).get("/api/v1/health", { schema }, async () => ({
    ...{ status: "up" as const, version, bank: { dataset, sha256 } },
    ...jobs.count(),
  }));
}

function addUpload(app: FastifyInstance, options: ApiOptions): void {
  const schema = {
    summary: "Queue a case: its files, as the data set calls them, and settings",
    consumes: ["multipart/form-data"],
    body: formSchema.extend({
      file: z.array(z.string().meta({ format: "binary" })).describe("NIfTI, .nii or .nii.gz"),
    }),
    response: { 202: viewSchema, ...problems },
  };
  const config = perMinute(options.uploadsPerMinute);
  // The form is read and checked by the handler, while it arrives.
  typed(app).post("/api/v1/cases", { schema, config, validatorCompiler: () => () => true }, async (request, reply) => {
    const id = await receiveCase(request, options);
    return reply.code(202).header("location", jobPath(id)).send(requireJob(options, id));
  });
}

function requireJob({ jobs }: ApiOptions, id: string): JobView {
  const job = jobs.find(id);
  if (job) return job;
  throw httpError(404, "there is no such job; it may have been removed or have expired");
}

function addReading(app: FastifyInstance, options: ApiOptions): void {
  const { jobs, uploadsPerMinute } = options;
  const config = perMinute(READS * uploadsPerMinute);
  const schema = { summary: "State and progress of a job", params, response: { 200: viewSchema, ...problems } };
  typed(app).get("/api/v1/jobs/:id", { schema, config }, async ({ params: { id } }) => requireJob(options, id));

  const removal = { summary: "Stop a job and remove all of it", params, response: { 204: z.null(), ...problems } };
  typed(app).delete("/api/v1/jobs/:id", { schema: removal, config }, async ({ params: { id } }, reply) => {
    requireJob(options, id);
    await jobs.remove(id);
    return reply.code(204).send(null);
  });

  const summary = "The job as a server-sent event whenever it changes, until it is done or failed";
  const following = { summary, params, response: body("text/event-stream", "data: the job as JSON") };
  const route = { schema: following, config, exposeHeadRoute: false };
  typed(app).get("/api/v1/jobs/:id/events", route, async ({ params: { id } }, reply) => {
    requireJob(options, id);
    reply.type("text/event-stream").header("cache-control", "no-store").header("x-accel-buffering", "no");
    return sendBytes(reply, Readable.from(followJob(jobs, id)));
  });
}

function addResults(app: FastifyInstance, options: ApiOptions): void {
  const { store, uploadsPerMinute } = options;
  const config = perMinute(READS * uploadsPerMinute);
  for (const [name, { type, ending }] of Object.entries(results)) {
    const schema = { summary: `The ${name} of a job that is done`, params, response: body(type, `CASE${ending}`) };
    typed(app).get(`/api/v1/jobs/:id/${name}`, { schema, config }, async ({ params: { id } }, reply) => {
      const job = requireJob(options, id);
      if (!resultsOf(job).includes(name as ResultName))
        throw httpError(404, `this job keeps no ${name}; send the case with ${name}=true`);
      if (job.state !== "done")
        throw httpError(409, `a job must be done before it has results; this one is ${job.state}`);
      const path = store.resultPath(id, name as ResultName);
      const { size } = await stat(path);
      const file = `${job.case.replace(/[^\w.-]/g, "_")}${ending}`;
      reply.type(type).header("content-length", size).header("content-disposition", `attachment; filename="${file}"`);
      return sendBytes(reply, createReadStream(path));
    });
  }
}

/** The schema of such an answer is for readers of the document. */
const sendBytes = (reply: { send(payload: never): unknown }, bytes: Readable) =>
  (reply as FastifyReply).send(bytes) as never;
