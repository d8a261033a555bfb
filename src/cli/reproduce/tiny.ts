/** @file `--scale tiny`: phantoms, and a bank trained on them in seconds, so that every experiment runs without data. */

import { BANK_FILE } from "../../danet/bank.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder, Runtime } from "../../platform.ts";
import { phantom } from "../../recipes/phantom.ts";
import { openRun, within } from "../../train/open.ts";
import type { Recipe } from "../../train/recipe.ts";
import { train } from "../../train/train.ts";
import type { Context } from "../command.ts";
import { version } from "../version.ts";

/**
 * Of a few steps: what it predicts does not matter. The second U-Net makes a bank of which Table 6 can take a part, and
 * with windows of tumour alone the decision network learns to run something.
 */
const tiny: Recipe = {
  ...phantom,
  candidates: [...phantom.candidates, { id: "M3", network: "unet2d", config: { base: 6 }, trainedShare: 1 }],
  bank: { ...phantom.bank, epochs: 1, stepsPerEpoch: 4, batch: 4 },
  decisionTraining: {
    ...phantom.decisionTraining,
    ...{ epochs: 1, stepsPerEpoch: 4, batch: 4, tumourWindows: 1, classWeights: [0.9, 1, 1, 1.1] },
  },
};

const CASES = 4;
const VALIDATION = 2;

/** Makes what is not there yet in `out`: a killed run goes on. Returns where bank, cases and training run are. */
export async function makeTinyScale(
  out: Folder,
  runtime: Runtime,
  { onProgress, signal }: Pick<Context, "onProgress" | "signal">,
): Promise<{ bank: Folder; data: Folder; run: Folder }> {
  const [data, run] = [within(out, "tiny/phantoms"), within(out, "tiny/run")];
  const bank = within(run, "bank");
  if (!(await data.list()).includes(SPLIT)) {
    const ids = await writePhantoms(data, nodeGzip, { cases: CASES, seed: 2, size: [32, 32, 4] });
    const split = { train: ids.slice(0, -VALIDATION), validation: ids.slice(-VALIDATION) };
    await data.write(SPLIT, new TextEncoder().encode(JSON.stringify(split)));
  }
  if (!(await bank.list()).includes(BANK_FILE)) {
    const common = { recipe: tiny, data, out: run, gzip: nodeGzip, runtime, resume: true, onProgress, signal };
    await train(await openRun(common), { bankFolder: bank, version });
  }
  return { bank, data, run };
}

/** Written last: where it is, all cases are. */
const SPLIT = "split.json";
