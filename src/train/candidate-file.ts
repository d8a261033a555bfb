/** @file A candidate as choice labels need it: a file that runs, wherever it was made, and what it costs. */

import type { Bank, Flops } from "../danet/bank.ts";
import { measureNetwork } from "../nets/network.ts";
import { exportNetwork, weightsOf } from "./export.ts";
import { candidateSpecs, type Trained, type TrainRun } from "./run.ts";

export interface CandidateFile {
  readonly flops: Flops;
  read(): Promise<Uint8Array>;
}

/** Candidates that a run trained, in the recipe's order; written out when they are read. */
export const filesOfTrained = (run: TrainRun, trained: Readonly<Record<string, Trained>>): CandidateFile[] =>
  Object.entries(candidateSpecs(run)).map(([id, spec]) => {
    const { plan, state } = trained[id]!;
    return {
      flops: measureNetwork(spec),
      read: async () => exportNetwork(spec, weightsOf(plan, state), { storage: "float32" }),
    };
  });

/** Candidates of a bank, in its order. */
export const filesOfBank = ({ candidates, folder }: Bank): CandidateFile[] =>
  candidates.map(({ flops, file }) => ({ flops, read: () => folder.read(file) }));
