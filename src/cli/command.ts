/** @file What a command is: a value that says its options and what it does. Help, types and checks come from it. */

import type { z } from "zod";
import type { Progress } from "../platform.ts";

interface OptionSpec<S extends z.ZodType = z.ZodType> {
  /** As commander reads it: "--bank <dir>", "--flips". The long name in camel case is the option's key. */
  readonly flags: string;
  readonly help: string;
  /** Checks and converts what the command line holds: text, `true`, or nothing. An option that refuses nothing is optional. */
  readonly value: S;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]: z.output<O[K]["value"]> };

/** What a command is given to reach its reader. */
export interface Context {
  /** Results, to stdout. */
  print(text: string): void;
  /** What is not a result, to stderr. */
  note(line: string): void;
  /** A problem that does not end the command, to stderr, in red. */
  complain(line: string): void;
  onProgress(progress: Progress): void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command<O extends OptionSpecs = OptionSpecs> {
  /** Positional arguments, "<input...>". */
  readonly argument?: { readonly name: string; readonly help: string };
  readonly options: O;
  /** Lines that can be typed as they are. */
  readonly examples: readonly string[];
  /** Throws `UserError` for what the user can mend. */
  run(inputs: readonly string[], options: OptionValues<O>, context: Context): Promise<void>;
}

export const defineCommand = <O extends OptionSpecs>(command: Command<O>): Command<O> => command;
