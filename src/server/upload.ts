/** @file `POST /api/v1/cases`: a form of files and settings to a queued job. Nothing of it stays when anything is wrong. */

import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import type { Bank } from "../danet/bank.ts";
import type { CaseFiles, Dataset } from "../data/dataset.ts";
import { UserError } from "../error.ts";
import { checkSetting, checkTarget, choosePolicy, targetOf } from "../infer/plan.ts";
import { checkFile } from "./check-file.ts";
import { httpError } from "./http-error.ts";
import { formSchema, type Job, type Settings } from "./job.ts";
import type { Jobs } from "./jobs.ts";
import type { Store } from "./store.ts";

export interface UploadOptions {
  readonly bank: Bank;
  readonly dataset: Dataset;
  readonly store: Store;
  readonly jobs: Jobs;
  /** Of the files of a case together, as sent and as unpacked. */
  readonly maxBytes: number;
}

/** Returns the id of the queued job. Throws `UserError` and errors with a `statusCode`; then the upload is gone. */
export async function receiveCase(request: FastifyRequest, options: UploadOptions): Promise<string> {
  const { store, jobs, maxBytes } = options;
  if (!request.isMultipart())
    throw httpError(
      415,
      'a case must be sent as multipart/form-data, for example by curl -F "file=@CASE_flair.nii.gz"',
    );
  if (Number(request.headers["content-length"]) > maxBytes + FORM_BYTES) throw tooLarge(maxBytes);
  const giveBack = jobs.reserve();
  const id = randomUUID();
  try {
    await store.create(id);
    await jobs.add(await receiveJob(request, id, options));
    return id;
  } catch (error) {
    await store.remove(id);
    throw error;
  } finally {
    giveBack();
    request.raw.unpipe();
    request.raw.resume(); // who is still sending gets to read the answer
  }
}

/** What a form holds beside its files. */
const FORM_BYTES = 100_000;
const MAX_NAME = 255;

const tooLarge = (maxBytes: number) =>
  httpError(413, `the files of a case may have ${maxBytes / 1e6} MB here, as sent and as unpacked; these have more`);

/** Counts the bytes of a case. */
function createMeter(maxBytes: number) {
  let total = 0;
  /** Throws when the case would have more than allowed with so many bytes. */
  const check = (bytes: number) => {
    if (total + bytes > maxBytes) throw tooLarge(maxBytes);
  };
  const add = (bytes: number) => {
    check(bytes);
    total += bytes;
  };
  return { check, add };
}

async function receiveJob(request: FastifyRequest, id: string, options: UploadOptions): Promise<Job> {
  const { bank, dataset, store, maxBytes } = options;
  const { names, fields } = await receiveForm(request, id, options);
  const settings = parseSettings(fields, bank);
  const { id: name } = requireCase(names, dataset);
  const meter = createMeter(maxBytes);
  for (const [k, name] of names.entries())
    meter.add(await checkFile(store.filePath(id, k), { name, frame: dataset.frame, limit: meter.check }));
  const created = new Date().toISOString();
  return { id, state: "queued", case: name, settings, names, attempts: 0, created };
}

/** The files are on disk then, the k-th under the k-th name. */
async function receiveForm(request: FastifyRequest, id: string, { dataset, store, maxBytes }: UploadOptions) {
  const names: string[] = [];
  const fields: Record<string, unknown> = {};
  const sent = createMeter(maxBytes);
  const files = dataset.channels.length + 1;
  const limits = { files, fileSize: maxBytes + 1, fields: 20, fieldSize: 200, fieldNameSize: 100, headerPairs: 50 };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === "file") {
        const path = store.filePath(id, names.length);
        names.push(checkName(part.filename ?? "", dataset));
        await writeFile(part, path, sent.add);
      } else if (part.valueTruncated || Object.hasOwn(fields, part.fieldname)) {
        throw new UserError(`field "${part.fieldname}": must be given once and be short`);
      } else fields[part.fieldname] = part.value;
    }
  } catch (error) {
    throw explainForm(error as NodeJS.ErrnoException, files);
  }
  return { names, fields };
}

function checkName(name: string, dataset: Dataset): string {
  if (name.length <= MAX_NAME && dataset.recognise([name]).length === 1) return name;
  const found = JSON.stringify(name.slice(0, MAX_NAME));
  throw new UserError(`a case of data set "${dataset.id}" is ${dataset.naming}; found ${found}; name the files so`);
}

const writeFile = ({ file }: MultipartFile, path: string, add: (bytes: number) => void) =>
  pipeline(
    file,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        add(chunk.length);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: "wx", mode: 0o600 }),
  );

/** What the parser says of a damaged form has no status; errors of the disk have a `syscall`. */
function explainForm(error: NodeJS.ErrnoException & { statusCode?: number }, files: number): Error {
  if (error.code === "FST_FILES_LIMIT") return httpError(413, `a case has at most ${files} files, found more`);
  if (error instanceof UserError || error.statusCode !== undefined || error.syscall !== undefined) return error;
  return httpError(400, `the form must be whole multipart/form-data, found: ${error.message}`);
}

/** One case with all it needs. */
function requireCase(names: readonly string[], dataset: Dataset): CaseFiles {
  const cases = dataset.recognise(names);
  if (cases.length === 0) throw new UserError(`a case is ${dataset.naming}; found no file`);
  const wrong = cases.find(({ problem }) => problem !== undefined);
  if (wrong) throw new UserError(wrong.problem!);
  if (cases.length === 1) return cases[0];
  throw new UserError(
    `an upload must be one case, found ${cases.map(({ id }) => id).join(", ")}; send one after the other`,
  );
}

function parseSettings(fields: Readonly<Record<string, unknown>>, bank: Bank): Settings {
  const parsed = formSchema.safeParse(fields);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new UserError(`${path.length > 0 ? `field "${path.join(".")}"` : "the form"}: ${message}`);
  }
  const { setting = bank.setting } = parsed.data;
  return inFieldNames(() => {
    checkSetting(setting, bank);
    const policy = choosePolicy(parsed.data.policy, bank);
    checkTarget({ target: targetOf(parsed.data, bank, policy), policy: parsed.data.policy }, bank);
    return { ...parsed.data, policy };
  });
}

/** The command line's options are the form's fields: errors of the code that both use name the fields. */
function inFieldNames<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.message.replace(/--(?=[a-z])/g, ""));
    throw error;
  }
}
