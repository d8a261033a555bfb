/** @file What the page knows and does: one object that the components show, and functions that change it. */

import { UserError } from "../error.ts";
import { DYNAMIC } from "../infer/plan.ts";
import type { Progress } from "../platform.ts";
import { toWorld } from "../volume/affine.ts";
import type { Vec3 } from "../volume/grid.ts";
import type { GivenFile } from "../web/index.ts";
import { moveToSlice, sliceAt } from "./frame-position.ts";
import { connect } from "./rpc.ts";
import type { BankInfo, Found, OpenedCase, Result, Settings, Source, WorkerEvent, WorkerMethods } from "./worker.ts";

export const planes = ["all", "axial", "coronal", "sagittal", "3D"] as const;
export type Plane = (typeof planes)[number];

/** Its stage is "decisions" or "slices". */
interface Run extends Progress {
  /** When the stage began. */
  readonly startedAt: number;
}

interface Loaded extends OpenedCase {
  /** Channel -> file. */
  readonly images: Readonly<Record<string, Uint8Array>>;
}

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const call = connect<WorkerMethods, WorkerEvent>(worker, (event) => {
  if ("note" in event) model.notes = [...model.notes, event.note];
  else if (model.run) {
    const { stage, startedAt } = model.run;
    model.run = { startedAt: stage === event.progress.stage ? startedAt : performance.now(), ...event.progress };
  }
});

export const model = $state({
  bank: undefined as BankInfo | undefined,
  /** What the page waits for, in words. */
  busy: "Loading the bank",
  problem: "",
  notes: [] as readonly string[],
  cases: [] as Found["cases"],
  /** Files whose channel is to be asked for. */
  unknown: [] as Found["unknown"],
  opened: undefined as Loaded | undefined,
  settings: { policy: DYNAMIC, effort: undefined, flips: false, device: "auto" } as {
    -readonly [K in keyof Settings]: Settings[K];
  },
  run: undefined as Run | undefined,
  result: undefined as Result | undefined,
  picture: undefined as Uint8Array | undefined,
  plane: "axial" as Plane,
  channel: "",
  /** Intensities shown black and white. */
  window: { black: 0, white: 1, least: 0, most: 1 },
  opacity: 0.6,
  hidden: [] as readonly number[],
  showLabels: true,
  compare: false,
  /** The crosshair, mm in the world. */
  place: [0, 0, 0] as Vec3,
});

/** The frame's slice under the crosshair. */
export const currentSlice = (): number => (model.opened ? sliceAt(model.opened.frame, model.place) : 0);

export function goToSlice(slice: number): void {
  if (model.opened) model.place = moveToSlice(model.opened.frame, model.place, slice);
}

/** Runs `work`; what it throws becomes the page's problem, unless the user cancelled it. */
async function attempt(busy: string, work: () => Promise<void>): Promise<void> {
  model.busy = busy;
  model.problem = "";
  try {
    await work();
  } catch (reason) {
    const { name, message } = reason as Error;
    if (name !== "AbortError") model.problem = name === "UserError" ? message : `Something went wrong: ${message}`;
  } finally {
    model.busy = "";
  }
}

export const start = () =>
  attempt("Loading the bank", async () => {
    const url = new URL(".", document.baseURI).href;
    model.bank = await call("start", { url, cores: navigator.hardwareConcurrency });
    if (!model.bank.isRouted) model.settings.policy = model.bank.candidates.at(-1)!.id;
    import("./viewer/niivue.ts").catch(() => {}); // large, and the user needs a while to choose; missing, it is told when it is used
  });

export const openSample = () => {
  const url = new URL("sample", document.baseURI).href;
  return openSource({ kind: "url", url, files: __SAMPLE__.files.filter((file) => file.endsWith(".gz")) });
};

/** Files, folders or a zip that the user gave. A single image beside an open case is its truth. */
export async function openGiven(files: readonly GivenFile[]): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  if (files.length === 1 && model.opened && /\.nii(\.gz)?$/i.test(first.path)) return addTruth(first);
  const zip = files.find(({ path }) => /\.zip$/i.test(path));
  await openSource(zip ? { kind: "zip", name: zip.path, file: zip.file } : { kind: "files", files });
}

const openSource = (source: Source) =>
  attempt("Looking through the files", async () => take(await call("find", source)));

export const assignChannels = (roles: Record<string, string>) =>
  attempt("Reading the case", async () => take(await call("assign", $state.snapshot(roles))));

/** Opens the only complete case, or asks which; where none is complete, which file is what. */
async function take({ cases, unknown }: Found): Promise<void> {
  const complete = cases.filter(({ problem }) => problem === undefined);
  const [first] = complete;
  if (!first && unknown.length === 0) throw new UserError(cases[0].problem);
  model.cases = complete;
  model.unknown = unknown;
  if (first) await open(first.id);
}

export const openCase = (id: string) => attempt("Reading the case", () => open(id));

async function open(id: string): Promise<void> {
  model.busy = "Reading the case";
  model.opened = undefined;
  model.result = undefined;
  const opened = await call("open", id);
  const images = Object.fromEntries(
    await Promise.all(model.bank!.channels.map(async (name) => [name, await call("channel", name)] as const)),
  );
  const [x, y, z] = opened.frame.size;
  model.place = toWorld(opened.frame.affine, [Math.floor(x / 2), Math.floor(y / 2), Math.floor(z / 2)]);
  model.channel = model.bank!.channels[0];
  model.compare = opened.truth !== undefined;
  model.opened = { ...opened, images };
}

const addTruth = (file: GivenFile) =>
  attempt("Measuring against the truth", async () => {
    const { opened, result } = await call("addTruth", file);
    model.opened = { ...opened, images: model.opened!.images };
    model.compare = true;
    if (!result) return;
    model.result = result;
    void drawPicture();
  });

export const segment = () =>
  attempt("Segmenting", async () => {
    model.notes = [];
    model.run = { stage: "start", startedAt: performance.now(), done: 0, total: model.opened!.frame.size[2] };
    try {
      const isFirst = model.result === undefined;
      const result = await call("segment", $state.snapshot(model.settings));
      model.result = result;
      if (isFirst && result.focus) model.place = result.focus;
      void drawPicture();
    } finally {
      model.run = undefined;
    }
  });

/** The picture of the result on the screen, for the summary; nothing waits for it. */
async function drawPicture(): Promise<void> {
  const shown = model.result;
  model.picture = undefined;
  try {
    const picture = await call("picture", undefined);
    if (model.result === shown) model.picture = picture;
  } catch (reason) {
    model.problem = `The summary has no picture: ${(reason as Error).message}`;
  }
}

export const cancel = () => call("cancel", undefined);

/** Seconds that are left of the stage if the rest goes as fast; undefined before anything is known. */
export function remainingSeconds({ startedAt, done, total }: Run, now: number): number | undefined {
  return done === 0 ? undefined : ((now - startedAt) / 1000 / done) * (total - done);
}
