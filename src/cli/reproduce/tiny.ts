/** @file `--scale tiny`: phantoms, and recipes that train on them in seconds, so that every experiment runs without data. */

import { writeCtPhantoms } from "../../data/ct-phantom.ts";
import { writePhantoms } from "../../data/phantom.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { Folder } from "../../platform.ts";
import { ctPhantom } from "../../recipes/lits.ts";
import { phantom } from "../../recipes/phantom.ts";
import { within } from "../../train/open.ts";
import type { Recipe } from "../../train/recipe.ts";

/** Of a few steps: what it predicts does not matter. With windows of tumour alone decision networks learn to run something. */
const shorten = (recipe: Recipe): Recipe => ({
  ...recipe,
  bank: { ...recipe.bank, epochs: 1, stepsPerEpoch: 4, batch: 4 },
  decisionTraining: { ...recipe.decisionTraining, epochs: 1, stepsPerEpoch: 4, batch: 4, tumourWindows: 1 },
});

/** The second U-Net makes a bank of which Table 6 can take a part. */
const threeCandidates: Recipe = {
  ...phantom,
  candidates: [...phantom.candidates, { id: "M3", network: "unet2d", config: { base: 6 }, trainedShare: 1 }],
  decisionTraining: { ...phantom.decisionTraining, classWeights: [0.9, 1, 1, 1.1] },
};

const kinds = {
  mri: { recipe: shorten(threeCandidates), folder: "tiny/phantoms", run: "tiny/run", write: writePhantoms },
  ct: { recipe: shorten(ctPhantom), folder: "tiny/ct-phantoms", run: "tiny/ct-run", write: writeCtPhantoms },
} as const;
export type DataKind = keyof typeof kinds;

const CASES = 4;
const VALIDATION = 2;
/** Written last: where it is, all cases are. */
const SPLIT = "split.json";

/** Makes the cases in `out` that are not there yet. Returns where they are, the recipe, and the name of its run. */
export async function makeTinyScale(
  out: Folder,
  kind: DataKind,
): Promise<{ data: Folder; recipe: Recipe; runName: string }> {
  const { recipe, folder, run, write } = kinds[kind];
  const data = within(out, folder);
  if (!(await data.list()).includes(SPLIT)) {
    const ids = await write(data, nodeGzip, { cases: CASES, seed: 2, size: [32, 32, 4] });
    const split = { train: ids.slice(0, -VALIDATION), validation: ids.slice(-VALIDATION) };
    await data.write(SPLIT, new TextEncoder().encode(JSON.stringify(split)));
  }
  return { data, recipe, runName: run };
}
