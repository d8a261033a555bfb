/** @file The page's worker: bank, case and segmentation live here, so that the page never waits. */

import "./no-eval.ts";

import { type Bank, openBank } from "../danet/bank.ts";
import { datasetOf } from "../data/bank-dataset.ts";
import type { CaseFiles, Dataset } from "../data/dataset.ts";
import { loadCase, type RawCase } from "../data/load.ts";
import { type PreparedCase, prepareCase } from "../data/prepare.ts";
import { UserError } from "../error.ts";
import { measureCase } from "../eval/case-metrics.ts";
import { type Networks, openNetworks } from "../infer/networks.ts";
import { DYNAMIC, likelyModels } from "../infer/plan.ts";
import { type Segmentation, segmentCase } from "../infer/segment.ts";
import { createStopwatch } from "../infer/stopwatch.ts";
import type { Folder, Progress, Runtime } from "../platform.ts";
import { type CaseResult, formatCaseReport, measureVolumes, regionsInFile } from "../report/case-report.ts";
import { drawCase } from "../report/segmentation-picture.ts";
import type { Grid, LabelMap, Vec3 } from "../volume/grid.ts";
import { writeNiftiLabels } from "../volume/nifti.ts";
import {
  createWebRuntime,
  type GivenFile,
  openBankUrl,
  openFiles,
  openUrl,
  openZip,
  type WebDevice,
  webGzip,
} from "../web/index.ts";
import { findFocus } from "./find-focus.ts";
import { fitMemory } from "./memory.ts";
import { answerCalls } from "./rpc.ts";

/** Where a case comes from. */
export type Source =
  | { readonly kind: "files"; readonly files: readonly GivenFile[] }
  | { readonly kind: "zip"; readonly name: string; readonly file: Blob }
  | { readonly kind: "url"; readonly url: string; readonly files: readonly string[] };

export interface BankInfo extends Pick<Bank, "dataset" | "channels" | "setting" | "regions" | "sha256"> {
  readonly candidates: readonly { readonly id: string; readonly flops: number }[];
  /** Whether there is a decision network. */
  readonly isRouted: boolean;
  /** Whether the bank knows what its networks are worth. */
  readonly hasEffort: boolean;
}

export interface Found {
  readonly cases: readonly CaseFiles[];
  /** Where none is complete and there are names that tell nothing: all files, to ask what each is. */
  readonly unknown: readonly string[];
}

export interface OpenedCase {
  readonly id: string;
  /** Of the slices that are routed. */
  readonly frame: Grid;
  /** Label in the files -> words; the background is left out. */
  readonly labelNames: Readonly<Record<number, string>>;
  readonly truth?: Uint8Array;
}

export interface Settings {
  readonly policy: string;
  /** 0 to 1; undefined follows the decision network alone. */
  readonly effort: number | undefined;
  readonly flips: boolean;
  readonly device: WebDevice;
}

/** The report of the page: no memory, which a page cannot measure, but the browser. */
export interface PageReport extends CaseResult {
  readonly versions: Readonly<Record<"medDanet" | "runtime" | "device" | "browser", string>>;
}

export interface Result {
  readonly report: PageReport;
  /** The report as a file. */
  readonly json: string;
  /** The label map on the source's grid, `.nii.gz`. */
  readonly nifti: Uint8Array;
  /** Where most of the tumour is seen, mm in the world; absent where there is none. */
  readonly focus: Vec3 | undefined;
}

export type WorkerEvent = { readonly progress: Progress } | { readonly note: string };
export type WorkerMethods = typeof methods;

interface Finished {
  readonly segmentation: Segmentation;
  readonly labels: LabelMap;
  readonly settings: Settings;
  readonly runtime: Runtime;
}

interface Engine {
  readonly asked: WebDevice;
  readonly runtime: Runtime;
  readonly networks: Networks;
}

/** All but the raw voxels, which nothing needs once they are prepared. */
type OpenCase = Omit<RawCase, "channels"> & { readonly files: CaseFiles; readonly prepared: PreparedCase };

let base = "";
let threads = 1;
let bank: Bank;
let dataset: Dataset;
let folder: Folder;
let cases: readonly CaseFiles[] = [];
let current: OpenCase | undefined;
let finished: Finished | undefined;
let engine: Promise<Engine> | undefined;
let running: AbortController | undefined;

const methods = {
  /** `url`: where the page is served, with a slash at its end. `cores`: as many threads the processor gets. */
  start: async (served: { readonly url: string; readonly cores: number }): Promise<BankInfo> => {
    base = served.url;
    threads = served.cores;
    bank = await openBank(await openBankUrl(`${base}bank`));
    dataset = datasetOf(bank);
    const { channels, setting, regions, sha256, candidates, expectedDice } = bank;
    const costs = candidates.map(({ id, flops }) => ({ id, flops: flops.paper }));
    const hasEffort = expectedDice !== undefined;
    const isRouted = bank.decision !== undefined;
    void loadAhead().catch(() => {}); // what is wrong is told when it is used
    return { dataset: bank.dataset, channels, setting, regions, sha256, candidates: costs, isRouted, hasEffort };
  },
  find: async (source: Source): Promise<Found> => {
    folder = await openSource(source);
    return listCases();
  },
  /** Path -> channel or "truth": one case of files whose names tell too little. */
  assign: async (roles: Readonly<Record<string, string>>): Promise<Found> => {
    folder = renameFiles(folder, roles);
    return listCases();
  },
  open: async (id: string): Promise<OpenedCase> => openCase(cases.find((files) => files.id === id)!),
  /** A truth for the open case; its result is measured anew. */
  addTruth: async ({ file, path }: GivenFile): Promise<{ opened: OpenedCase; result?: Result }> => {
    const images = folder;
    const added = `${crypto.randomUUID()}/${path}`;
    folder = {
      ...images,
      read: async (name) => (name === added ? new Uint8Array(await file.arrayBuffer()) : images.read(name)),
    };
    const [kept, result] = [current!, finished];
    try {
      const opened = await openCase({ ...kept.files, truth: added });
      finished = result;
      return result ? { opened, result: await describe(result, {}) } : { opened };
    } catch (error) {
      [folder, current, finished] = [images, kept, result];
      throw error;
    }
  },
  /** The file of a channel, as it is. */
  channel: async (name: string): Promise<Uint8Array> => folder.read(current!.files.channels[name]),
  segment: async (settings: Settings): Promise<Result> => segment(settings),
  cancel: async (): Promise<void> => running?.abort(new DOMException("cancelled", "AbortError")),
  /** The picture of the finished case, PNG. */
  picture: async (): Promise<Uint8Array> => {
    const { segmentation, labels } = finished!;
    return drawCase({ prepared: current!.prepared, bank, dataset, segmentation, metrics: measure(labels) });
  },
};

const send = answerCalls<WorkerEvent>(methods);
const onNote = (note: string) => send({ note });

async function openSource(source: Source): Promise<Folder> {
  if (source.kind === "url") return openUrl(source.url, source.files);
  if (source.kind === "files") return openFiles(source.files);
  return openZip(new Uint8Array(await source.file.arrayBuffer()), source.name);
}

async function listCases(): Promise<Found> {
  const paths = (await folder.list()).filter((path) => /\.nii(\.gz)?$/i.test(path) && !path.includes("__MACOSX"));
  if (paths.length === 0)
    throw new UserError(`${folder.name}: a case is four NIfTI files (.nii or .nii.gz), found none; choose others`);
  cases = dataset.recognise(paths);
  const known = new Set(cases.flatMap(({ channels, truth }) => [...Object.values(channels), truth]));
  const isClear = cases.some(({ problem }) => problem === undefined) || paths.every((path) => known.has(path));
  return { cases, unknown: isClear ? [] : paths };
}

function renameFiles(source: Folder, roles: Readonly<Record<string, string>>): Folder {
  const chosen = Object.entries(roles).filter(([, role]) => role !== "");
  const id = chosen[0][0].replace(/^.*\//, "").replace(/\.nii(\.gz)?$/i, "");
  const paths = new Map(chosen.map(([path, role]) => [`${id}_${role === "truth" ? "seg" : role}.nii.gz`, path]));
  return { ...source, list: async () => [...paths.keys()], read: async (name) => source.read(paths.get(name) ?? name) };
}

async function openCase(files: CaseFiles): Promise<OpenedCase> {
  const { channels: _, ...raw } = await loadAndPrepare(files);
  current = raw;
  finished = undefined;
  const names = raw.labels.map((label, index) => [label, dataset.labelNames[index]]).slice(1);
  return {
    ...{ id: files.id, frame: raw.prepared.grid, labelNames: Object.fromEntries(names) },
    ...(files.truth !== undefined && { truth: await folder.read(files.truth) }),
  };
}

async function loadAndPrepare(files: CaseFiles) {
  current = undefined; // its memory is needed for the next one
  const raw = await loadCase(files, folder, { dataset, gzip: webGzip, truth: true });
  return { ...raw, files, prepared: prepareCase(raw, dataset) };
}

async function openEngine(asked: WebDevice): Promise<Engine> {
  const open = await engine?.catch(() => undefined);
  if (open && (asked === open.asked || asked === open.runtime.device)) return open;
  await closeEngine();
  engine = createWebRuntime({ device: asked, threads, wasmUrl: `${base}ort/`, onNote }).then((runtime) => ({
    ...{ asked, runtime, networks: openNetworks(bank, runtime) },
  }));
  return engine;
}

/** Loads the engine and the networks while the user chooses a case, until another engine is asked for. */
async function loadAhead(): Promise<void> {
  const models = likelyModels(bank, DYNAMIC);
  const ahead = await openEngine("auto");
  const isInUse = async () => (await engine) === ahead;
  try {
    for (const model of models) if (await isInUse()) await ahead.networks.load(model);
  } catch {
    if (await isInUse()) await closeEngine();
  }
}

async function closeEngine() {
  const closing = engine;
  engine = undefined;
  await closing?.then(({ networks }) => networks.release()).catch(() => {}); // of a module that ran out of memory
}

async function segment(settings: Settings): Promise<Result> {
  const stopwatch = createStopwatch();
  const { prepared } = current!;
  running = new AbortController();
  const { signal } = running;
  const onProgress = (progress: Progress) => send({ progress });
  const run = async (batch: number) => {
    const { networks, runtime } = await stopwatch.time("engine", () => openEngine(settings.device));
    const segmentation = await segmentCase(prepared, bank, {
      ...{ networks, policy: settings.policy, flips: settings.flips, batch, signal, onProgress },
      ...(settings.effort !== undefined && { target: { effort: settings.effort } }),
      previous: finished?.settings.device === settings.device ? finished.segmentation.trace : undefined,
    });
    const labels = await stopwatch.time("restore", async () => prepared.restore(segmentation.classes));
    finished = { segmentation, labels, settings, runtime };
    const { other: _, ...seconds } = stopwatch.seconds();
    return describe(finished, seconds);
  };
  return fitMemory(run, { release: closeEngine, onNote });
}

const measure = (labels: LabelMap) =>
  current!.truth &&
  measureCase({
    prediction: labels,
    truth: { grid: current!.source.grid, data: current!.truth },
    regions: regionsInFile(bank, current!.labels),
  });

async function describe(
  { segmentation: { classes: _, trace: _trace, ...segmentation }, ...rest }: Finished,
  seconds: Readonly<Record<string, number>>,
): Promise<Result> {
  const { labels, settings, runtime } = rest;
  const { id, source } = current!;
  const metrics = measure(labels);
  const report: PageReport = {
    ...{ schemaVersion: 1, case: id, setting: bank.setting, policy: settings.policy, flips: settings.flips },
    candidates: bank.candidates.map(({ id }) => id),
    volumesMl: measureVolumes(labels, regionsInFile(bank, current!.labels)),
    ...(metrics && { metrics }),
    ...segmentation,
    seconds: { ...segmentation.seconds, ...seconds },
    bank: { dataset: bank.dataset, sha256: bank.sha256 },
    versions: {
      ...{ medDanet: __VERSION_OF_PACKAGE__, runtime: runtime.name, device: runtime.device },
      browser: navigator.userAgent,
    },
  };
  const nifti = await writeNiftiLabels(labels.data, source, webGzip);
  return { report, json: formatCaseReport(report), nifti, focus: findFocus(labels) };
}
