/**
 * @file The model bank B = { skip, M_1, ..., M_n } (Eq. 3) and its decision network, where it has one, as a folder:
 * `bank.json` and one ONNX file a network. It is all that training hands to use.
 */

import { z } from "zod";
import { parseJson, UserError } from "../error.ts";
import type { Folder } from "../platform.ts";
import { sha256 } from "../sha256.ts";

export const BANK_FILE = "bank.json";
const FORMAT_VERSION = 1;

const count = z.number().int().nonnegative();
const size = z.number().int().positive();
const spacing = z.number().positive().nullable();

/** Operations of one inference at the bank's input size: multiply-adds, and as the paper's tool counts them. */
const flops = z.strictObject({ macs: count, paper: count });

export const modelId = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "must be letters, digits, '.', '_' or '-'");

const model = z.strictObject({
  id: modelId,
  /** Key of the network in `nets/`, or "onnx" for a model that was made elsewhere. */
  network: z.string(),
  config: z.record(z.string(), z.json()),
  file: z.string().regex(/^[^/\\]+\.onnx$/, "must be the name of an .onnx file beside bank.json"),
  /** What the graph's output holds; the output bears the same name. */
  output: z.enum(["probabilities", "logits"]),
  /** Slices of its input, for a network in three dimensions; absent: it takes slices one by one. */
  depth: size.exactOptional(),
  parameters: count,
  flops,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
});

const label = z.number().int().min(0).max(255);

/** What is done to a segmentation; carried out by `infer/postprocess.ts`. Counts are of voxels of the frame; 0 does nothing. */
export const postprocessing = z.strictObject({
  /** Connected parts of the foreground with fewer voxels become background. */
  minComponent: count,
  /**
   * Where region `by` is `share` of the foreground or more, a region is what `by` encloses in each slice, closed by discs of
   * `radius`: foreground that joins it becomes `inside`, what leaves it `outside`.
   */
  encloseRegion: z
    .record(
      z.string(),
      z.strictObject({ by: z.string(), share: z.number().min(0).max(1), radius: count, inside: label, outside: label }),
    )
    .default({}),
  /** A region with fewer voxels than `below` in the whole case gets the label `becomes`. */
  minRegion: z.record(z.string(), z.strictObject({ below: count, becomes: label })),
});

const bankSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  dataset: z.string(),
  /** Order of the channels in the input tensor. */
  channels: z.array(z.string()).min(1),
  /** Class index -> label in the file; class 0 is the background. */
  labels: z.array(label).min(2),
  /** Region name -> labels. */
  regions: z.record(z.string(), z.array(z.number().int()).min(1)),
  /** A name, or a rule for each channel; `datasetOf` checks it. */
  normalization: z.union([z.string(), z.array(z.record(z.string(), z.union([z.string(), z.number()])))]),
  /** The frame the networks saw: where x, y, z point ("LPS"), millimetres (null: the source's own), voxels of a whole slice in x and y. */
  frame: z.strictObject({
    orientation: z.string().regex(/^[LRAPSI]{3}$/, "must be three axis letters such as LPS"),
    spacing: z.tuple([spacing, spacing, spacing]),
    sliceSize: z.tuple([size, size]),
  }),
  /** [H, W] of every network's input; H runs along y, W along x. */
  inputSize: z.tuple([size, size]),
  /** `window`: overlapping windows over the slice (Setting 1); `full`: the slice is the input (Setting 2). */
  setting: z.enum(["window", "full"]),
  /** Step between windows, voxels; of a network in three dimensions between slices too. In `full` unused within a slice. */
  stride: size,
  /** In rising cost. */
  candidates: z.array(model).min(1),
  /** Absent: the user names the candidate that every input gets. */
  decision: model.exactOptional(),
  /** `[j][k]`: mean S (Eq. 4) of action k on training windows whose choice label is j; routing under a budget needs it. */
  expectedDice: z.array(z.array(z.number().min(0).max(1))).optional(),
  /** How often each choice label occurs in use over how much it weighed in the decision network's training; default: 1. */
  labelRatio: z.array(z.number().nonnegative()).optional(),
  postprocess: postprocessing.optional(),
  recipe: z.record(z.string(), z.json()),
  trainingCases: z.array(z.string()),
  seed: z.number().int(),
  toolVersion: z.string(),
});

export type BankManifest = z.infer<typeof bankSchema>;
export type BankModel = z.infer<typeof model>;
export type Postprocessing = z.infer<typeof postprocessing>;
export type Flops = z.infer<typeof flops>;

export interface Bank extends BankManifest {
  /** Of `bank.json`, which names the hash of every model: one number for the whole bank. */
  readonly sha256: string;
  readonly folder: Folder;
}

/** Every network of a bank. */
export const modelsOf = <T>({ candidates, decision }: { candidates: readonly T[]; decision?: T }): readonly T[] =>
  decision ? [...candidates, decision] : candidates;

/** Throws `UserError` where the bank has none. */
export function decisionOf({
  decision,
  candidates,
  folder,
}: Pick<Bank, "decision" | "candidates" | "folder">): BankModel {
  if (decision) return decision;
  const ids = candidates.map(({ id }) => id).join(", ");
  throw new UserError(`${folder.name}: this needs a decision network, the bank holds ${ids} alone`);
}

/** What `writeBank` is given: hashes are its own work. */
export type UnhashedModel = Omit<BankModel, "sha256">;
export type NewBank = Omit<BankManifest, "formatVersion" | "candidates" | "decision"> & {
  readonly candidates: readonly UnhashedModel[];
  readonly decision?: UnhashedModel;
};

/**
 * Reads and checks a bank: schema, sizes, order of cost, presence and hash of every file. Throws a `UserError` that names
 * the first thing that is wrong.
 */
export async function readBank(folder: Folder): Promise<Bank> {
  const bank = await openBank(folder);
  for (const { file } of modelsOf(bank)) await bank.folder.read(file);
  return { ...bank, folder };
}

/** The same, but the hash of a file is checked when it is read: a page can show what a bank is before it has all of it. */
export async function openBank(folder: Folder): Promise<Bank> {
  const present = new Set(await folder.list());
  if (!present.has(BANK_FILE))
    throw new UserError(`${folder.name}: a bank folder must hold ${BANK_FILE}, there is none`);
  const bytes = await folder.read(BANK_FILE);
  const manifest = parseManifest(bytes, folder.name);
  checkConsistency(manifest, folder.name);
  const models = modelsOf(manifest);
  for (const { id, file } of models)
    if (!present.has(file)) throw new UserError(`${folder.name}: ${file} of "${id}" is missing`);
  const read = async (path: string) => {
    const content = await folder.read(path);
    const model = models.find(({ file }) => file === path);
    if (model) await requireHash(content, model, folder.name);
    return content;
  };
  return { ...manifest, sha256: await sha256(bytes), folder: { ...folder, read } };
}

async function requireHash(bytes: Uint8Array, { file, sha256: expected }: BankModel, name: string) {
  const found = await sha256(bytes);
  if (found === expected) return;
  throw new UserError(
    `${name}: ${file} must have sha256 ${expected.slice(0, 12)}..., found ${found.slice(0, 12)}...: ` +
      "the file was changed after the bank was written; copy the bank again",
  );
}

/** Writes the models, then `bank.json`: a folder without it is no bank, so a killed run leaves none that is half written. */
export async function writeBank(folder: Folder, bank: NewBank, models: Readonly<Record<string, Uint8Array>>) {
  const hashed = async (entry: UnhashedModel): Promise<BankModel> => {
    const bytes = models[entry.file];
    if (bytes === undefined) throw new Error(`writeBank: no bytes for ${entry.file}`);
    return { ...entry, sha256: await sha256(bytes) };
  };
  const manifest = bankSchema.parse({
    formatVersion: FORMAT_VERSION,
    ...bank,
    candidates: await Promise.all(bank.candidates.map(hashed)),
    ...(bank.decision && { decision: await hashed(bank.decision) }),
  });
  checkConsistency(manifest, folder.name);
  for (const { file } of modelsOf(manifest)) await folder.write(file, models[file]!);
  await folder.write(BANK_FILE, new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
}

function parseManifest(bytes: Uint8Array, name: string): BankManifest {
  const json = parseJson(bytes, `${name}: ${BANK_FILE}`);
  const version = (json as { formatVersion?: unknown } | null)?.formatVersion;
  if (version !== FORMAT_VERSION) {
    throw new UserError(
      `${name}: ${BANK_FILE} must have formatVersion ${FORMAT_VERSION}, found ${JSON.stringify(version)}; ` +
        "use the med-danet version that wrote the bank",
    );
  }
  const parsed = bankSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UserError(`${name}: ${BANK_FILE}: ${issue.path.join(".") || "the file"}: ${issue.message}`);
}

/** What a schema cannot say: relations between fields. */
function checkConsistency(bank: BankManifest, name: string) {
  const fail = (message: string) => {
    throw new UserError(`${name}: ${BANK_FILE}: ${message}`);
  };
  const models = modelsOf(bank);
  for (const key of ["id", "file"] as const) {
    const twice = models.find((entry, i) => models.findIndex((other) => other[key] === entry[key]) < i);
    if (twice) fail(`every ${key} must be used once, "${twice[key]}" is used twice`);
  }
  for (const reserved of ["skip", "dynamic"]) {
    if (models.some(({ id }) => id === reserved)) fail(`no network may be called "${reserved}"`);
  }
  bank.candidates.forEach((candidate, i) => {
    const cheaper = bank.candidates[i - 1];
    if (cheaper && candidate.flops.paper < cheaper.flops.paper) {
      fail(`candidates must be in rising cost, "${candidate.id}" costs less than "${cheaper.id}" before it`);
    }
  });
  if (bank.decision) checkDecision(bank, bank.decision, fail);
  else if (bank.expectedDice || bank.labelRatio) fail("expectedDice and labelRatio need a decision network");
  if (bank.labels[0] !== 0 || new Set(bank.labels).size < bank.labels.length) {
    fail(`labels must start with 0 and be different, found ${bank.labels.join(", ")}`);
  }
  for (const [region, labels] of Object.entries(bank.regions)) {
    const strange = labels.find((label) => !bank.labels.includes(label));
    if (strange !== undefined) fail(`region ${region} has label ${strange}, labels are ${bank.labels.join(", ")}`);
  }
  if (bank.postprocess) checkRules(bank, bank.postprocess, fail);
  checkSizes(bank, fail);
}

type Fail = (message: string) => void;

function checkDecision({ candidates, expectedDice, labelRatio }: BankManifest, decision: BankModel, fail: Fail) {
  if (decision.output !== "logits") fail(`the decision network's output must be "logits"`);
  const deep = [...candidates, decision].find(({ depth }) => depth !== undefined);
  if (deep) fail(`a decision network routes slices, "${deep.id}" takes ${deep.depth} of them at once`);
  const actions = candidates.length + 1;
  if (expectedDice && [expectedDice, ...expectedDice].some(({ length }) => length !== actions))
    fail(`expectedDice must be ${actions} x ${actions}: a row a label, a column an action`);
  if (expectedDice && labelRatio && (labelRatio.length !== actions || labelRatio.every((ratio) => ratio === 0)))
    fail(`labelRatio must be ${actions} numbers, one a label, and not all 0`);
}

function checkRules({ regions, labels }: BankManifest, { minRegion, encloseRegion }: Postprocessing, fail: Fail) {
  const requireRegion = (rule: string, region: string) => {
    if (!regions[region]) fail(`postprocess.${rule} has "${region}", regions are ${Object.keys(regions).join(", ")}`);
  };
  const check = (rule: string, region: string, { becomes, within }: { becomes: number; within: boolean }) => {
    requireRegion(rule, region);
    const place = within ? "of" : "outside";
    if (!labels.includes(becomes) || regions[region]!.includes(becomes) !== within)
      fail(`postprocess.${rule}.${region} must become a label ${place} the region, found ${becomes}`);
  };
  for (const [region, { becomes }] of Object.entries(minRegion)) check("minRegion", region, { becomes, within: false });
  for (const [region, { by, inside, outside }] of Object.entries(encloseRegion)) {
    for (const name of [region, by]) requireRegion("encloseRegion", name);
    const strange = regions[by]!.find((label) => !regions[region]!.includes(label));
    if (strange !== undefined)
      fail(`postprocess.encloseRegion.${region} must be enclosed by a part of it, ${by} has label ${strange} too`);
    check("encloseRegion", region, { becomes: inside, within: true });
    check("encloseRegion", region, { becomes: outside, within: false });
  }
}

function checkSizes({ setting, stride, inputSize, frame, candidates }: BankManifest, fail: Fail) {
  const [width, height] = frame.sliceSize;
  const found = `found inputSize ${inputSize.join("x")} and slices of ${height}x${width} rows x columns`;
  if (inputSize[0] > height || inputSize[1] > width) fail(`inputSize must not exceed the slice, ${found}`);
  if (setting === "full" && (inputSize[0] < height || inputSize[1] < width)) {
    fail(`in the full setting inputSize must be the whole slice, ${found}`);
  }
  if (setting === "window" && stride > Math.min(...inputSize)) {
    fail(`stride must not exceed inputSize, or pixels stay uncovered: ${stride}, ${found}`);
  }
  const flat = candidates.find(({ depth }) => depth !== undefined && depth < stride);
  if (flat)
    fail(`stride must not exceed the depth of "${flat.id}", or slices stay uncovered: ${stride}, found ${flat.depth}`);
}
