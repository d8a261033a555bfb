/** @file `med-danet bank add`: candidates that other tools made. */

import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { modelId, readBank } from "../../danet/bank.ts";
import { UserError } from "../../error.ts";
import { createNodeRuntime, openFolder } from "../../node/index.ts";
import { addModel } from "../bank/add-model.ts";
import { defineCommand } from "../command.ts";
import { json } from "../option.ts";

export const bank = defineCommand({
  argument: { name: "<action...>", help: "add <model.onnx>: one more candidate, from a 2D segmentation model" },
  options: {
    bank: { flags: "--bank <dir>", help: "the model bank, which is changed", value: z.string() },
    id: { flags: "--id <name>", help: "what the candidate is called in the bank", value: modelId },
    json,
  },
  examples: ["med-danet bank add unet.onnx --bank banks/mine --id unet"],
  async run([action, path, ...rest], options, { print, note }) {
    if (action !== "add" || path === undefined || rest.length > 0)
      throw new UserError(`bank expects: add <model.onnx>, got: ${[action, path, ...rest].join(" ")}`);
    const found = await readBank(openFolder(options.bank));
    const bytes = await openFolder(dirname(path)).read(basename(path));
    const added = await addModel(found, { id: options.id, bytes, name: path, runtime: await createNodeRuntime() });
    if (found.decision) await rm(join(options.bank, found.decision.file), { force: true }); // bank.json names it no more
    if (options.json) return print(JSON.stringify(added, null, 2));
    const { parameters, flops, output } = added;
    print(`${added.id}: ${parameters} parameters, ${flops.macs} multiply-adds an input, gives ${output}`);
    if (found.decision)
      note(`${options.bank}: its decision network had no choice for ${added.id} and is no longer part of the bank`);
  },
});
