/** @file `med-danet gpu`: what the devices of this machine have and lack, the CUDA files, and whether a device computes right. */

import { z } from "zod";
import { datasets } from "../../data/index.ts";
import { lookUp, UserError } from "../../error.ts";
import { readOnnx } from "../../graph/onnx-read.ts";
import { cudaPackage, installCuda } from "../../node/install-cuda.ts";
import { createNodeRuntime } from "../../node/runtime.ts";
import { recipes } from "../../recipes/index.ts";
import { formatText, type Table } from "../../report/table.ts";
import { candidateSpecs, decisionSpec } from "../../train/run.ts";
import { buildStep } from "../../train/step.ts";
import { type Context, defineCommand } from "../command.ts";
import { checkOp, distinctNodes, type OpCheck } from "../gpu/check-ops.ts";
import { cudaTable, devicesTable, findDevices } from "../gpu/devices.ts";
import { count, device, json } from "../option.ts";

/** CUDA computes convolutions and matrix products in TensorFloat-32, which keeps 10 bits of the fraction. */
const TOLERANCE = 1e-2;

const actions = { status: printStatus, install, check };
interface Options {
  readonly json: boolean;
  readonly device: typeof device.value._output;
  readonly recipe: string;
  readonly batch: number;
}

export const gpu = defineCommand({
  argument: {
    name: "[action]",
    help:
      `status (default): what each device has and lacks; install: fetch the CUDA files (${cudaPackage.megabytes} MB from npm); ` +
      "check: every op of a recipe's training steps on --device against the CPU",
  },
  options: {
    device: { ...device, help: `${device.help}; for check` },
    recipe: {
      flags: "--recipe <name>",
      help: "whose networks to check (default: brats)",
      value: z.string().default("brats"),
    },
    batch: { flags: "--batch <n>", help: "images in the batch to check (default: 2)", value: count.default(2) },
    json,
  },
  examples: [
    "med-danet gpu",
    "med-danet gpu install && med-danet gpu check --device cuda",
    "med-danet gpu check --device webgpu --recipe phantom",
  ],
  async run([action = "status"], options, context) {
    await lookUp(actions, action, "action")(options, context);
  },
});

async function printStatus({ json }: Options, { print }: Context) {
  const found = await findDevices();
  if (json) return print(JSON.stringify(found, null, 2));
  print(formatText(devicesTable(found)));
  if (found.cuda) print(formatText(cudaTable(found.cuda)));
}

async function install({ json }: Options, { print, onProgress }: Context) {
  const { name, version } = cudaPackage;
  const folder = await installCuda(onProgress);
  print(json ? JSON.stringify({ folder, name, version }) : `the CUDA files are in ${folder}; see: med-danet gpu`);
}

/** Throws `UserError` when an op fails or deviates. */
async function check({ device, recipe, batch, json }: Options, { print, onProgress, signal }: Context) {
  const runtimes = { reference: await createNodeRuntime(), device: await createNodeRuntime({ device }) };
  const nodes = distinctNodes(stepGraphs(recipe, batch));
  const checks: OpCheck[] = [];
  for (const node of nodes) {
    signal.throwIfAborted();
    checks.push(await checkOp(node, runtimes));
    onProgress({ stage: "ops", done: checks.length, total: nodes.length });
  }
  print(json ? JSON.stringify(checks, null, 2) : formatText(checkTable(checks, device)));
  const wrong = checks.filter(({ deviation }) => deviation === null || deviation > TOLERANCE);
  if (wrong.length === 0) return;
  const names = [...new Set(wrong.map(({ op }) => op))].join(", ");
  throw new UserError(`device ${device} must compute as the CPU does, ${names} do not; use --device cpu`);
}

/** The lowered training steps of a recipe's networks. */
function stepGraphs(name: string, batch: number) {
  const recipe = lookUp(recipes, name, "recipe");
  if ("fit" in recipe) throw new UserError(`recipe ${name} takes its networks from data; check one of fixed networks`);
  const run = { recipe, dataset: lookUp(datasets, recipe.dataset, "data set") };
  const { decision } = run.recipe;
  const specs = { ...candidateSpecs(run), ...(decision && { [decision.id]: decisionSpec(run) }) };
  return Object.entries(specs).map(([id, spec]) => {
    const { onnx } = buildStep(spec, { batch, lossScale: 1, weightDecay: 1e-5, crossEntropyWeight: 1 });
    return Object.values(readOnnx(onnx({ lowered: true, block: 1, steps: 1 }), id).outputs);
  });
}

function checkTable(checks: readonly OpCheck[], device: string): Table {
  const rows = [...new Set(checks.map(({ op }) => op))].sort().map((op) => {
    const forms = checks.filter((one) => one.op === op);
    const failed = forms.find(({ problem }) => problem !== null);
    const worst = forms.reduce((a, b) => ((b.deviation ?? 0) > (a.deviation ?? 0) ? b : a));
    const state = failed ? `fails on ${failed.operands}: ${failed.problem}` : (worst.deviation ?? 0).toExponential(1);
    return [op, String(forms.length), state, (worst.deviation ?? 0) > TOLERANCE ? worst.operands : ""];
  });
  const titles = ["op", "forms", "largest deviation, as a share of the output", "where, if too large"];
  return { title: `Ops on ${device} against the CPU`, columns: titles.map((title) => ({ title })), rows };
}
