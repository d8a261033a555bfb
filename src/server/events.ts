/** @file Server-sent events of a job. */

import { on } from "node:events";
import { isFinished } from "./job.ts";
import type { Jobs } from "./jobs.ts";

/** The job now and after every change, each as the text of an event; ends with the job. */
export async function* followJob(jobs: Jobs, id: string): AsyncGenerator<string> {
  const changes = on(jobs.changes, id);
  try {
    do {
      const job = jobs.find(id);
      if (job === undefined) return;
      yield `data: ${JSON.stringify(job)}\n\n`;
      if (isFinished(job)) return;
    } while (!(await changes.next()).done);
  } finally {
    await changes.return?.();
  }
}
