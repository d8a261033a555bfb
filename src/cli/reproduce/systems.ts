/** @file Tables 1, 2 and 7: systems of other authors, trained by the protocol of the bank at hand, beside it. */

import type { Bank } from "../../danet/bank.ts";
import { countRegions } from "../../eval/case-metrics.ts";
import { diceOf } from "../../eval/dice.ts";
import type { Overlap } from "../../eval/overlap.ts";
import { type SystemId, systemRecipe } from "../../recipes/systems.ts";
import { regionsInFile } from "../../report/case-report.ts";
import type { Table } from "../../report/table.ts";
import { recipeOf } from "../../train/recipe-over.ts";
import type { Findings } from "./experiment.ts";
import { dynamicJob, type Job, type Lab, loadLabCase, readResult, segmentJobs } from "./lab.ts";
import { averageCases, type CountedRow, compareRows, listCases, type Row } from "./row.ts";
import { bankSeconds, type TrainedBank, trainBanks } from "./trainings.ts";

const OURS = "Med-DANet";
const systemsByName: Readonly<Record<string, SystemId>> = {
  "3D U-Net": "unet3d",
  "V-Net": "vnet",
  "Deeper V-Net": "vnet-deeper",
  "Attention U-Net": "attention-unet3d",
  "3D Residual U-Net": "residual-unet3d",
  TransUNet: "transunet",
  "Swin-UNet": "swin-unet",
  TransBTS: "transbts3d",
};

interface PaperTable {
  /** Method -> the paper's row, in its order. */
  readonly rows: Readonly<Record<string, Row>>;
  readonly data: string;
  /** Whether it has Dice over all cases together. */
  readonly globalDice?: boolean;
}

/** Trains the systems of the paper's table that are here, and segments the lab's cases with each and with its bank. */
export async function compareSystems(lab: Lab, paper: PaperTable): Promise<Findings> {
  const { names, trained, jobs: others } = await trainSystems(lab, Object.keys(paper.rows));
  const jobs = [...others, dynamicJob(lab.bank)];
  const reports = await segmentJobs(lab, jobs);
  const methods = [...names, OURS].map((method, i) => ({ method, cases: reports[i]! }));
  const ours: Row[] = [];
  for (const [i, { method, cases }] of methods.entries())
    ours.push({
      ...addStack(averageCases(method, cases), jobs[i]!.bank),
      ...(paper.globalDice && { globalDice: await measureGlobally(lab, jobs[i]!) }),
    });
  const rows = Object.entries(paper.rows).flatMap(([name, row]) => [...ours.filter((one) => one.method === name), row]);
  const trainings = names.map((name, i) => describeTraining(name, trained[i]!));
  const comparison = {
    title: "Compared systems",
    text: describe(lab),
    paperData: paper.data,
    cost: "perStack",
  } as const;
  return {
    sections: [compareRows(rows, comparison), { title: "Trainings", tables: [tableOf(trainings)] }, listCases(methods)],
    data: { rows, trainings },
  };
}

/** Trains those of the named methods that are here and that the lab asks for; a job for each. */
export async function trainSystems(lab: Lab, methods: readonly string[] = Object.keys(systemsByName)) {
  const isAsked = (id: SystemId | undefined) => id !== undefined && (lab.systems?.includes(id) ?? true);
  const names = methods.filter((name) => isAsked(systemsByName[name]));
  const base = recipeOf(lab.bank);
  const trained = await trainBanks(
    lab,
    names.map((name) => {
      const id = systemsByName[name]!;
      return { name, recipe: systemRecipe(id, base, lab.scale), folder: `systems/${id}` };
    }),
  );
  return { names, trained, jobs: trained.map(({ bank }) => ({ bank, policy: bank.candidates[0]!.id })) };
}

const describe = ({ scale }: Lab): string =>
  `Each system is trained by the protocol of ${OURS}, the bank at hand, on its training cases, and runs on every input. Rows ` +
  `"cited" are of systems that the paper only cites: no network of theirs is here. FLOPs of 128x128x128 are the paper's ` +
  `"per case", those of 128x128 its "per slice": what one input costs, brought to that size. "A case" is what segmenting ` +
  `one took, every window or cube of it.${
    scale === "cpu"
      ? " At scale cpu 3D networks learn from cubes of 64 and see as large ones; windows of the 2D systems lie side by side, where those of the bank overlap."
      : ""
  }`;

/** An input's cost a voxel, brought to 128x128x128 and to a 128th of it. */
function addStack(row: CountedRow, { inputSize, candidates }: Bank): Row {
  const [height, width] = inputSize;
  const perPlane = (row.gflops.perInference / (height * width * (candidates[0]!.depth ?? 1))) * 128 * 128;
  return { ...row, gflops: { ...row.gflops, perStack: 128 * perPlane, perPlane } };
}

/** Region -> Dice of all cases together in percent, from the results that are kept. */
async function measureGlobally(lab: Lab, job: Job): Promise<Record<string, number>> {
  const { bank } = lab;
  const overlaps: Record<string, Overlap>[] = [];
  for (const one of lab.cases) {
    const { truth, source, labels } = await loadLabCase(lab, one);
    const prediction = await readResult(lab, job, one.files.id);
    const regions = regionsInFile(bank, labels);
    overlaps.push(countRegions({ prediction, truth: { grid: source.grid, data: truth! }, regions }));
  }
  const global = (region: string) => 100 * diceOf(overlaps.map((one) => one[region]!));
  return Object.fromEntries(Object.keys(bank.regions).map((region) => [region, global(region)]));
}

function describeTraining(method: string, { bank, log }: TrainedBank) {
  const recipe = recipeOf(bank);
  const { inputSize, stride } = recipe;
  const { epochs, stepsPerEpoch, batch } = recipe.bank;
  const { parameters, depth } = bank.candidates[0]!;
  const input = Array<number>(depth === undefined ? 2 : 3)
    .fill(inputSize)
    .join("x");
  return { method, parameters, input, stride, epochs, steps: epochs * stepsPerEpoch, batch, seconds: bankSeconds(log) };
}

const tableOf = (trainings: readonly ReturnType<typeof describeTraining>[]): Table => ({
  title: "How the compared systems were trained here",
  columns: [
    { title: "method" },
    { title: "input" },
    ...["parameters", "stride", "epochs", "steps", "crops a step"].map((title) => ({ title, unit: "count" as const })),
    { title: "seconds", unit: "seconds" },
  ],
  rows: trainings.map(({ method, input, parameters, stride, epochs, steps, batch, seconds }) => [
    ...[method, input, parameters, stride, epochs, steps, batch, seconds],
  ]),
});
