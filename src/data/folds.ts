/** @file Which cases train and which validate: seeded stratified folds, or a split file. */

import { z } from "zod";
import { parseJson, UserError } from "../error.ts";
import { createRandom, shuffle } from "../random.ts";

export interface Split {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/**
 * `count` splits of `ids`; every id validates in exactly one. Each stratum (`stratum(id)`) is shuffled and dealt out
 * in turn, going on where the one before ended, so the folds' sizes, and each stratum's shares in them, differ by at
 * most one.
 */
export function makeFolds(
  ids: readonly string[],
  { count, seed, stratum }: { count: number; seed: number; stratum: (id: string) => string },
): Split[] {
  if (!Number.isInteger(count) || count < 2 || count > ids.length)
    throw new UserError(`the number of folds must be 2 to ${ids.length} (the number of cases), got ${count}`);
  const random = createRandom(seed);
  const sorted = [...ids].sort();
  const strata = [...new Set(sorted.map(stratum))].sort();
  const dealt = strata.flatMap((key) =>
    shuffle(
      sorted.filter((id) => stratum(id) === key),
      random,
    ),
  );
  return Array.from({ length: count }, (_, fold) => ({
    train: dealt.filter((_, i) => i % count !== fold).sort(),
    validation: dealt.filter((_, i) => i % count === fold).sort(),
  }));
}

const splitSchema = z.strictObject({ train: z.array(z.string()).min(1), validation: z.array(z.string()) });

/**
 * Reads a split file, `{ "train": [ids], "validation": [ids] }`, for the cases `ids`; cases in neither list stay
 * unused. Throws `UserError` for other content, a case in both lists or listed twice, and a case that is not there.
 */
export function readSplit(bytes: Uint8Array, ids: readonly string[], name: string): Split {
  const parsed = splitSchema.safeParse(parseJson(bytes, name));
  if (!parsed.success)
    throw new UserError(
      `${name} must be {"train": [case ids], "validation": [case ids]}: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`,
    );
  const listed = [...parsed.data.train, ...parsed.data.validation];
  const twice = listed.find((id, i) => listed.indexOf(id) !== i);
  if (twice !== undefined)
    throw new UserError(`${name} must list each case once, but "${twice}" is listed again; remove one`);
  const absent = listed.filter((id) => !ids.includes(id));
  if (absent.length > 0)
    throw new UserError(`${name} must list cases of the data folder; not there: ${absent.join(", ")}`);
  return parsed.data;
}
