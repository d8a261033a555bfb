/**
 * @file The format of the Medical Segmentation Decathlon and of nnU-Net: `dataset.json` says channels and labels; images
 * lie in imagesTr and imagesTs (one file of all channels, or CASE_0000, CASE_0001, ... of one each), truths in labelsTr.
 */

import { z } from "zod";
import { parseJson, UserError } from "../error.ts";
import type { Folder } from "../platform.ts";
import type { Dataset, DatasetDescription, DatasetFamily } from "./dataset.ts";
import { takeFingerprints } from "./fingerprint.ts";
import { findCases } from "./load.ts";
import { planFrame, planNormalization } from "./plan.ts";
import { type FileName, groupCases, STACK } from "./recognise.ts";

const FILE = "dataset.json";

const schema = z.looseObject({
  /** Index -> name: "modality" in the Decathlon, "channel_names" in nnU-Net. */
  modality: z.record(z.string(), z.string()).optional(),
  channel_names: z.record(z.string(), z.string()).optional(),
  /** Label -> name in the Decathlon, name -> label or labels of a region in nnU-Net. */
  labels: z.record(z.string(), z.union([z.string(), z.number().int(), z.array(z.number().int())])),
  /** Region -> labels; ours. Without it each label is a region, or the regions are those of `labels`. */
  regions: z.record(z.string(), z.array(z.number().int()).min(1)).optional(),
  training: z.array(z.looseObject({ image: z.string(), label: z.string() })).optional(),
  file_ending: z.string().optional(),
});

type Content = z.infer<typeof schema>;

export const decathlon: DatasetFamily = {
  file: FILE,
  async describe(folder) {
    return describeContent(await readContent(folder), folder);
  },
  async open(folder, gzip, watch = {}) {
    const content = await readContent(folder);
    const dataset = restrict(describeContent(content, folder), content, folder);
    const prints = await takeFingerprints(await findCases(dataset, folder), folder, { dataset, gzip, watch });
    return { ...dataset, frame: planFrame(prints), normalization: planNormalization(dataset.channels, prints) };
  },
  restore: (description) => ({
    ...nameFiles(description),
    ...description,
    labelNames: description.labels.map((label) => nameOf(label, description.regions)),
  }),
};

async function readContent(folder: Folder): Promise<Content> {
  const name = `${folder.name}/${FILE}`;
  if (!(await folder.list()).includes(FILE))
    throw new UserError(`${folder.name}: a data set in Decathlon format must hold ${FILE}, there is none`);
  const parsed = schema.safeParse(parseJson(await folder.read(FILE), name));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UserError(`${name}: ${issue.path.join(".") || "the file"}: ${issue.message}`);
}

type Described = Omit<Dataset, "frame" | "normalization">;

function describeContent(content: Content, folder: Folder): Described {
  const fail = (message: string): never => {
    throw new UserError(`${folder.name}/${FILE}: ${message}`);
  };
  const channels = readChannels(content, fail);
  const { labels, regions } = readLabels(content, fail);
  const ending = content.file_ending ?? ".nii.gz";
  if (!/^\.nii(\.gz)?$/.test(ending)) fail(`file_ending must be .nii or .nii.gz, found "${ending}"; convert the files`);
  const listed = (content.training ?? []).map(({ image }) => baseName(image));
  return {
    ...nameFiles({ channels, labels }, new Set(listed)),
    ...{ channels, labels, regions },
    labelNames: labels.map((label) => nameOf(label, regions)),
  };
}

type Fail = (message: string) => never;

/** In the order of their indices; names that are not unique get theirs. */
function readChannels({ channel_names, modality }: Content, fail: Fail): string[] {
  const named =
    channel_names ?? modality ?? fail('"channel_names" or "modality" must name the channels, found neither');
  const names = Object.keys(named).map(
    (_, i) => named[i] ?? fail(`channels must be numbered 0, 1, ..., "${i}" is missing`),
  );
  if (names.length === 0) fail("there must be a channel, found none");
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} ${i}`));
}

function readLabels({ labels: entries, regions }: Content, fail: Fail) {
  const named = Object.entries(entries).map(([key, value]): [string, readonly number[]] =>
    typeof value === "string" ? [value, [Number(key)]] : [key, [value].flat()],
  );
  const labels = [...new Set(named.flatMap(([, values]) => values))].sort((a, b) => a - b);
  const strange = labels.find((label) => !Number.isInteger(label) || label < 0 || label > 255);
  if (strange !== undefined) fail(`labels must be whole numbers from 0 to 255, found ${strange}`);
  if (labels[0] !== 0 || labels.length < 2) fail(`labels must be 0 and others, found ${labels.join(", ") || "none"}`);
  if (named.some(([name]) => name === "ignore"))
    fail('the label "ignore" cannot be learned; give those voxels a label');
  const own = Object.fromEntries(named.filter(([, values]) => !values.includes(0)));
  for (const [region, values] of Object.entries(regions ?? {})) {
    const unknown = values.find((label) => label === 0 || !labels.includes(label));
    if (unknown !== undefined) fail(`region ${region} must be made of labels other than 0, found ${unknown}`);
  }
  const all = regions ?? own;
  const lost = labels.find((label) => label !== 0 && !Object.values(all).flat().includes(label));
  if (lost !== undefined)
    fail(`every label must belong to a region, ${lost} is in none of ${Object.keys(all).join(", ")}`);
  return { labels, regions: all };
}

/** The region that is this label alone has its name. */
function nameOf(label: number, regions: Dataset["regions"]): string {
  const alone = Object.entries(regions).find(([, members]) => members.length === 1 && members[0] === label);
  return label === 0 ? "background" : (alone?.[0] ?? `label ${label}`);
}

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const stem = (path: string) => baseName(path).replace(/\.nii(\.gz)?$/i, "");

const pattern = /^([^.].*?)(_\d{4})?\.nii(?:\.gz)?$/i;

/**
 * What depends on the naming alone. `whole`: images that hold every channel even where their name ends as that of a
 * channel.
 */
function nameFiles({ channels, labels }: Pick<DatasetDescription, "channels" | "labels">, whole = new Set<string>()) {
  const parse = (file: string, folder: string): FileName | null => {
    const [, name, index = ""] = pattern.exec(file) ?? [];
    if (name === undefined) return null;
    if (/^labels/i.test(baseName(folder))) return { prefix: name + index, role: "truth" };
    if (/_seg$/i.test(name) && index === "") return { prefix: name.slice(0, -4), role: "truth" };
    const channel = whole.has(file) || index === "" ? undefined : channels[Number(index.slice(1))];
    if (channel !== undefined) return { prefix: name, role: channel };
    return { prefix: name + index, role: channels.length > 1 ? STACK : channels[0] };
  };
  const place = (folder: string) => folder.replace(/(^|\/)(images|labels)(Tr|Ts|Val)?$/i, "");
  return {
    id: "decathlon",
    naming:
      "files such as imagesTr/CASE.nii.gz or imagesTr/CASE_0000.nii.gz, with labelsTr/CASE.nii.gz where there is a truth",
    otherLabels: [],
    recognise: (paths: readonly string[]) => groupCases(paths, { channels, labels, parse, place }),
    stratum: () => "",
  };
}

/** The training cases: those that the file lists, all of imagesTr where it lists none. Test images stay out. */
function restrict(dataset: Described, { training }: Content, folder: Folder): Described {
  const ids = training && new Set(training.map(({ image }) => stem(image)));
  const recognise = (paths: readonly string[]) => {
    const cases = dataset.recognise(paths.filter((path) => /(^|\/)(images|labels)Tr\//i.test(path)));
    const absent = [...(ids ?? [])].find((id) => !cases.some((one) => one.id === id));
    if (absent !== undefined)
      throw new UserError(`${folder.name}/${FILE} lists the training case "${absent}", whose files are not there`);
    return ids ? cases.filter(({ id }) => ids.has(id)) : cases;
  };
  return { ...dataset, recognise };
}
