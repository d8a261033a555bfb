/** @file Starts and stops the service: store, queue, HTTP. */

import { UserError } from "../error.ts";
import { isLoopback } from "./access.ts";
import { hidePath } from "./job-case.ts";
import { type JobsOptions, openJobs } from "./jobs.ts";
import { createService, type ServiceOptions } from "./service.ts";
import { openStore } from "./store.ts";

export interface StartOptions extends JobsOptions, Omit<ServiceOptions, "jobs" | "store"> {
  /** Folder of the jobs. */
  readonly data: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface RunningService {
  readonly url: string;
  /** Ends connections and jobs; those that ran or waited go on with the next start. */
  close(): Promise<void>;
}

const MIN_TOKEN = 16;

/**
 * Serves until it is closed. Throws `UserError` for an address that needs a token or cannot be used, and for a folder that
 * cannot be used.
 */
export async function startService(options: StartOptions): Promise<RunningService> {
  const { data, host, port, token } = options;
  if (token === undefined && !isLoopback(host))
    throw new UserError(`--host ${host} needs --token: whoever reaches this machine could use the service without one`);
  if (token !== undefined && token.length < MIN_TOKEN)
    throw new UserError(`--token must have ${MIN_TOKEN} characters or more, found ${token.length}`);
  const store = await openStore(data);
  const closers = [() => store.close()] as (() => unknown)[];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const jobs = await openJobs(store, options);
    closers.push(() => jobs.close());
    const bank = hidePath(options.bank);
    const app = await createService({ ...options, bank, jobs, store });
    closers.push(() => app.close());
    const url = await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`${host}:${port}: cannot be listened on: ${reasons[error.code ?? ""] ?? error.message}`);
    });
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program does already; choose another --port",
  EACCES: "permission is denied; choose a --port above 1023",
  EADDRNOTAVAIL: "this machine has no such address; choose another --host",
  ENOTFOUND: "this machine has no such address; choose another --host",
};
