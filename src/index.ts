/**
 * @file The public API: everything that runs anywhere. `med-danet/node` adds what Node brings (ONNX Runtime, folders, gzip),
 * `med-danet/web` what a browser does.
 *
 * @example
 * import { datasets, findCases, loadCase, openNetworks, prepareCase, readBank, segmentCase } from "med-danet";
 * import { createNodeRuntime, nodeGzip, openFolder } from "med-danet/node";
 *
 * const bank = await readBank(openFolder("banks/brats"));
 * const networks = openNetworks(bank, await createNodeRuntime());
 * const folder = openFolder("examples/BraTS2021_01481");
 * const [files] = await findCases(datasets.brats, folder);
 * const raw = await loadCase(files, folder, { dataset: datasets.brats, gzip: nodeGzip, truth: false });
 * const prepared = prepareCase(raw, datasets.brats);
 * const { classes, activation } = await segmentCase(prepared, bank, { networks });
 * const labels = prepared.restore(classes); // a label map on the grid of the source
 */

export { type Bank, type BankModel, openBank, readBank } from "./danet/bank.ts";
export { bestChoice, type ChoiceMetric, paperChoiceMetric } from "./danet/choice.ts";
export type { CaseFiles, Dataset } from "./data/dataset.ts";
export { datasets } from "./data/index.ts";
export { findCases, loadCase, type RawCase } from "./data/load.ts";
export { openDataset } from "./data/open.ts";
export { writePhantoms } from "./data/phantom.ts";
export { type PreparedCase, prepareCase } from "./data/prepare.ts";
export { UserError } from "./error.ts";
export { measureCase } from "./eval/case-metrics.ts";
export { metrics } from "./eval/index.ts";
export { summarizeCases } from "./eval/summary.ts";
export { type Networks, openNetworks } from "./infer/networks.ts";
export { type Segmentation, type SegmentOptions, segmentCase } from "./infer/segment.ts";
export { networks } from "./nets/index.ts";
export type { Folder, Gzip, Progress, Runtime, Session, Tensor } from "./platform.ts";
export { recipes } from "./recipes/index.ts";
export { openRun } from "./train/open.ts";
export { openRecipe, type RecipePlan } from "./train/open-recipe.ts";
export { applySettings, type Recipe } from "./train/recipe.ts";
export { train } from "./train/train.ts";
export { readNifti, writeNiftiLabels } from "./volume/nifti.ts";
