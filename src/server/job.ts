/** @file A job: one uploaded case with its settings, as it lies on disk and as the API tells of it. */

import { z } from "zod";
import { DYNAMIC } from "../infer/plan.ts";

const number = (values: z.ZodType<number, number>) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be a number")
    .transform(Number)
    .pipe(values)
    .optional();

/** Fields of the form beside the files: all are text there. */
export const formSchema = z.strictObject({
  policy: z.string().max(100).default(DYNAMIC).describe(`${DYNAMIC}, or a candidate such as M4 for every window`),
  setting: z.enum(["window", "full"]).optional().describe("default: the bank's"),
  flips: z.stringbool().default(false).describe("average over the four mirrors of each slice: four times the work"),
  effort: number(z.number().min(0).max(1)).describe("best expected Dice by share of the cost, 0 to 1"),
  budget: number(z.number().positive()).describe(
    "best expected Dice for at most so many GFLOPs a case; seconds with cost time",
  ),
  cost: z
    .enum(["flops", "time"])
    .default("flops")
    .describe("what a network costs; time is measured on the server first"),
  postprocess: z.stringbool().default(true).describe("do what the bank says of post-processing"),
  probabilities: z.stringbool().default(false).describe("keep them as a result too: 4D, one volume a class"),
});

const settingsSchema = z.object({
  policy: z.string(),
  setting: z.enum(["window", "full"]).optional(),
  flips: z.boolean(),
  effort: z.number().optional(),
  budget: z.number().optional(),
  cost: z.enum(["flops", "time"]).default("flops"),
  postprocess: z.boolean(),
  probabilities: z.boolean().default(false),
});
export type Settings = z.infer<typeof settingsSchema>;

const base = z.object({
  id: z.uuid(),
  state: z.enum(["queued", "running", "done", "failed"]),
  case: z.string().describe("the name that the files share"),
  settings: settingsSchema,
  created: z.iso.datetime(),
  started: z.iso.datetime().optional(),
  finished: z.iso.datetime().optional(),
  error: z.string().optional().describe("why it failed"),
});

/** What `job.json` holds. */
export const jobSchema = base.extend({
  /** As the client called its files; the k-th is stored as `files/k`. */
  names: z.array(z.string()),
  /** How often it was begun. */
  attempts: z.number().int(),
});
export type Job = z.infer<typeof jobSchema>;

export const isFinished = ({ state }: Pick<Job, "state">): boolean => state === "done" || state === "failed";

/** Result -> the file that holds it, and how a downloaded one is called after its case. */
export const results = {
  segmentation: { file: "segmentation.nii.gz", ending: "_seg.nii.gz", type: "application/gzip" },
  report: { file: "report.json", ending: ".json", type: "application/json" },
  picture: { file: "picture.png", ending: ".png", type: "image/png" },
  probabilities: { file: "probabilities.nii.gz", ending: "_prob.nii.gz", type: "application/gzip" },
} as const;
export type ResultName = keyof typeof results;

/** What a job gives once it is done. */
export const resultsOf = ({ settings }: Pick<Job, "settings">): readonly ResultName[] =>
  (Object.keys(results) as ResultName[]).filter((name) => name !== "probabilities" || settings.probabilities);

/** What a client is told. */
export const viewSchema = base.extend({
  position: z.number().int().optional().describe("of a queued job: how many are before it"),
  progress: z
    .object({ stage: z.string(), done: z.number(), total: z.number(), secondsLeft: z.number().optional() })
    .optional()
    .describe("of a running job; secondsLeft of its stage, once there is anything to go by"),
  expires: z.iso.datetime().optional().describe("when a finished job and its results are removed"),
  results: z.record(z.string(), z.string()).optional().describe("of a job that is done: result and its path"),
});
export type JobView = z.infer<typeof viewSchema>;

export type JobProgress = NonNullable<JobView["progress"]>;

type Situation = Pick<JobView, "position" | "progress" | "expires">;

export function describeJob(job: Job, { position, progress, expires }: Situation): JobView {
  const { names: _, attempts: __, ...told } = job;
  const links = resultsOf(job).map((name) => [name, `${jobPath(job.id)}/${name}`]);
  return {
    ...told,
    ...(position !== undefined && { position }),
    ...(progress && { progress }),
    ...(expires && { expires }),
    ...(job.state === "done" && { results: Object.fromEntries(links) }),
  };
}

export const jobPath = (id: string): string => `/api/v1/jobs/${id}`;
