/**
 * @file Jobs on disk: `<folder>/<id>/job.json` beside `files/0`, `files/1`, ... and the results. Every name there is made
 * here; what clients call their files is only ever text in `job.json`.
 */

import { rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../error.ts";
import { openFolder, requireWritable } from "../node/folder.ts";
import { type Job, jobSchema, type ResultName, results } from "./job.ts";

const JOB_FILE = "job.json";
const LOCK_FILE = "server.pid";
/** All that is ever removed from the folder are jobs. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Store {
  /** Makes the folder of a new job, for its owner alone. */
  create(id: string): Promise<void>;
  /** Where the k-th file of a job lies. */
  filePath(id: string, k: number): string;
  resultPath(id: string, name: ResultName): string;
  /** Written whole or not at all. */
  save(job: Job): Promise<void>;
  /** Frees the disk of the uploaded files. */
  removeFiles(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Every job, the oldest first. Uploads that were cut off are removed; a job that cannot be read is noted and left. */
  load(note: (line: string) => void): Promise<Job[]>;
  /** Lets another server use the folder. */
  close(): void;
}

/** Throws `UserError` for a folder that cannot be written and one that another server is using. */
export async function openStore(folder: string): Promise<Store> {
  await requireWritable(folder);
  await lock(folder);
  const disk = openFolder(folder);
  const remove = (id: string) => rm(join(folder, id), { recursive: true, force: true });
  return {
    create: async (id) => {
      await mkdir(join(folder, id, "files"), { recursive: true, mode: 0o700 });
    },
    filePath: (id, k) => join(folder, id, "files", String(k)),
    resultPath: (id, name) => join(folder, id, results[name].file),
    save: (job) => disk.write(`${job.id}/${JOB_FILE}`, new TextEncoder().encode(JSON.stringify(job, null, 2))),
    removeFiles: (id) => rm(join(folder, id, "files"), { recursive: true, force: true }),
    remove,
    load: async (note) => {
      const jobs: Job[] = [];
      for (const id of (await readdir(folder)).filter((name) => ID.test(name))) {
        const text = await readFile(join(folder, id, JOB_FILE), "utf8").catch(() => null);
        const parsed = text === null ? null : jobSchema.safeParse(parseJson(text));
        if (parsed === null) await remove(id);
        else if (parsed.success && parsed.data.id === id) jobs.push(parsed.data);
        else note(`${join(folder, id)}: ${JOB_FILE} is not of this version; the job is left alone`);
      }
      return jobs.sort((a, b) => (a.created < b.created ? -1 : 1));
    },
    close: () => rmSync(join(folder, LOCK_FILE), { force: true }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Two servers on one folder would run the same jobs. The process of a stale lock is gone, or has our own number. */
async function lock(folder: string) {
  const path = join(folder, LOCK_FILE);
  const owner = Number(await readFile(path, "utf8").catch(() => ""));
  if (owner > 0 && owner !== process.pid && isAlive(owner))
    throw new UserError(
      `${folder}: must not be used by two servers, process ${owner} has it; stop that, give another --data, or remove ${LOCK_FILE} there`,
    );
  await writeFile(path, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
