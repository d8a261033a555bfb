/** @file What an experiment is: a table or figure of the paper, made from segmented cases. */

import type { Picture, Section } from "../../report/html.ts";
import type { Lab } from "./lab.ts";
import type { Row } from "./row.ts";
import type { DataKind } from "./tiny.ts";

export interface Findings {
  /** For a reader. */
  readonly sections: readonly Section[];
  /** For a program: the numbers of the sections, in full. */
  readonly data: Readonly<Record<string, unknown>> & { readonly rows?: readonly Row[] };
}

export interface Experiment {
  /** "Table 3: the bank against each candidate" */
  readonly title: string;
  /** Of what it must be; default: any. */
  readonly data?: DataKind;
  /** Throws `UserError` when the bank or the training run does not allow it. */
  run(lab: Lab): Promise<Findings>;
}

export const defineExperiment = (experiment: Experiment): Experiment => experiment;

/** A picture that lies in the page itself. */
export const embedPng = (title: string, png: Uint8Array): Picture => ({
  title,
  source: `data:image/png;base64,${Buffer.from(png).toString("base64")}`,
});
