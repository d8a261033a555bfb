/** @file `med-danet phantom`: synthetic cases, to try everything without data. */

import { z } from "zod";
import { writeCtPhantoms } from "../../data/ct-phantom.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { lookUp, UserError } from "../../error.ts";
import { openFolder, requireWritable } from "../../node/folder.ts";
import { nodeGzip } from "../../node/gzip.ts";
import { defineCommand } from "../command.ts";
import { count } from "../option.ts";

const sizeOption = z
  .string()
  .regex(/^\d+x\d+x\d+$/, "must be X x Y x Z voxels such as 32x32x16")
  .default("32x32x16")
  .transform((text) => text.split("x").map(Number) as [number, number, number]);

/** Data set -> what writes its cases. */
const writers = { phantom: writePhantoms, "ct-phantom": writeCtPhantoms } as const;

export const phantom = defineCommand({
  options: {
    out: { flags: "--out <dir>", help: "an empty or new folder for the cases", value: z.string() },
    cases: { flags: "--cases <n>", help: "how many (default: 10)", value: count.default(10) },
    dataset: {
      flags: "--dataset <id>",
      help: "phantom: heads with tumours in four MRI channels (default); ct-phantom: livers with lesions in CT",
      value: z.string().default("phantom"),
    },
    size: {
      flags: "--size <XxYxZ>",
      help: "voxels (default: 32x32x16, as the recipes phantom and ct-phantom want)",
      value: sizeOption,
    },
    seed: {
      flags: "--seed <n>",
      help: "the same seed, the same cases (default: 1)",
      value: z.coerce.number().int().default(1),
    },
  },
  examples: [
    "med-danet phantom --out phantoms",
    "med-danet phantom --out large --cases 2 --size 240x240x155",
    "med-danet phantom --out livers --dataset ct-phantom",
  ],
  async run(_, { out, dataset, cases, size, seed }, { print }) {
    const write = lookUp(writers, dataset, "phantom");
    await requireWritable(out);
    const folder = openFolder(out);
    if ((await folder.list()).length > 0)
      throw new UserError(`--out ${out} must be empty, it holds files; give another`);
    const ids = await write(folder, nodeGzip, { cases, seed, size });
    print(`${ids.length} cases of ${size.join("x")} voxels in ${out}: ${ids[0]} ... ${ids.at(-1)}`);
  },
});
