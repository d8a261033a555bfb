/** @file Table 8: the bank trained jointly against each candidate trained alone, from its own start. */

import { BANK_FILE, type Bank, readBank, writeBank } from "../../../danet/bank.ts";
import { openLog } from "../../../train/log.ts";
import { within } from "../../../train/open.ts";
import { recipeOf, recipeOver } from "../../../train/recipe-over.ts";
import { train } from "../../../train/train.ts";
import { version } from "../../version.ts";
import { defineExperiment } from "../experiment.ts";
import { dynamicJob, type Lab, segmentJobs, shorten } from "../lab.ts";
import { table8Rows } from "../paper-rows.ts";
import { averageCases, compareRows, listCases } from "../row.ts";
import { bankSeconds, type TrainedBank, trainBanks } from "../trainings.ts";
import { openLabelled } from "../variants.ts";

export const table8 = defineExperiment({
  title: "Table 8: joint against individual training",
  async run(lab) {
    const { bank } = lab;
    const { run } = await openLabelled(lab);
    const alone = await trainIndividually(lab);
    const seconds = { individual: alone.seconds, joint: bankSeconds(run.log) };
    const reports = await segmentJobs(lab, [dynamicJob(alone.bank), dynamicJob(bank)]);
    const methods = (["individual", "joint"] as const).map((method, i) => ({ method, cases: reports[i]! }));
    const rows = methods.flatMap(({ method, cases }) => [
      { ...averageCases(method, cases), trainingHours: seconds[method] / 3600 },
      table8Rows[method],
    ]);
    const epochs = lab.maxMinutes === undefined ? "all its epochs" : `up to ${lab.maxMinutes} minutes`;
    const text =
      "Joint training draws each batch once for all candidates, and one that grows out of another begins with its weights; " +
      `in individual training each begins from random weights and learns for ${epochs}. Hours are those of the ` +
      "candidates; choice labels and decision network are made anew for either. Per slice the paper divides individual " +
      "training by 128 and joint training by 155.";
    const section = compareRows(rows, { title: "Training of the bank", text });
    return { sections: [section, listCases(methods)], data: { rows } };
  },
});

/** A bank of candidates that were trained one by one, with its own labels and decision network. */
async function trainIndividually(lab: Lab): Promise<{ bank: Bank; seconds: number }> {
  const { decision: _, ...protocol } = recipeOf(lab.bank);
  const candidates = protocol.candidates.map(({ grow: _, ...one }) => one);
  const parts = await trainBanks(
    lab,
    candidates.map((one) => ({
      ...{ name: `${one.id} alone`, folder: `individual/${one.id}` },
      recipe: { ...protocol, candidates: [one] },
    })),
  );
  return { bank: await assemble(lab, parts), seconds: parts.reduce((sum, { log }) => sum + bankSeconds(log), 0) };
}

/** The lab's bank with other candidates, and a decision network that is trained over them. */
async function assemble(lab: Lab, parts: readonly TrainedBank[]): Promise<Bank> {
  const { sha256, folder: _, decision: __, expectedDice: ___, labelRatio: ____, ...manifest } = lab.bank;
  const candidates = parts.map(({ bank }) => bank.candidates[0]!);
  const folder = within(
    lab.out,
    `individual/${[sha256, ...candidates.map((one) => one.sha256)].map(shorten).join("-")}`,
  );
  const [together, bankFolder] = [within(folder, "candidates"), within(folder, "bank")];
  if ((await bankFolder.list()).includes(BANK_FILE)) return readBank(bankFolder);
  const models: Record<string, Uint8Array> = {};
  for (const { bank } of parts) models[bank.candidates[0]!.file] = await bank.folder.read(bank.candidates[0]!.file);
  await writeBank(together, { ...manifest, candidates }, models);
  const given = await readBank(together);
  const recipe = recipeOver(given, recipeOf(lab.bank));
  const run = { ...(await lab.training()), recipe, given, validation: [], out: folder, log: await openLog(folder) };
  await train(run, { bankFolder, version });
  return readBank(bankFolder);
}
