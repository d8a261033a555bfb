/** @file The command line as a function: arguments in, exit code out. The only place where errors end up. */

import { Argument, Command as Commander, CommanderError, Option } from "commander";
import pc from "picocolors";
import { UserError } from "../error.ts";
import type { Command, Context, OptionSpecs } from "./command.ts";
import { commands } from "./commands/index.ts";
import { createProgress, type Output } from "./progress.ts";
import { version } from "./version.ts";

/** 0 done, 1 a bug (stack shown), 2 the user can mend it (one line), 130 interrupted. */
const exitCodes = { done: 0, bug: 1, user: 2, interrupted: 130 } as const;

export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs the command that `args` name, without the program's own name. */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, signal } = surroundings;
  const { red } = coloursOf(stderr);
  const progress = createProgress(stderr);
  const writeLine = (output: Output, line: string) => {
    progress.clear();
    output.write(`${line}\n`);
  };
  const complain = (line: string) => writeLine(stderr, red(line));
  const context: Context = {
    print: (text) => writeLine(stdout, text),
    note: (line) => writeLine(stderr, line),
    complain,
    onProgress: progress.report,
    signal,
  };
  try {
    await (await createProgram(args, surroundings, context)).parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.user;
    if (signal.aborted) {
      complain("interrupted");
      return exitCodes.interrupted;
    }
    if (error instanceof UserError) {
      complain(`error: ${error.message}`);
      return exitCodes.user;
    }
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.bug;
  } finally {
    progress.clear();
  }
}

/** Colours for a terminal only: an undefined `isTTY` must not fall to picocolors' default, which colours under CI. */
const coloursOf = ({ isTTY = false }: Output) => pc.createColors(isTTY && pc.isColorSupported);

/** Only commands that `args` name are imported: help of one command costs nothing of the others. */
async function createProgram(args: readonly string[], { stdout, stderr }: Surroundings, context: Context) {
  const { red } = coloursOf(stderr);
  const program = new Commander("med-danet")
    .description("Slice-adaptive segmentation of medical volumes (Med-DANet): each slice gets the network it needs.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(red(text)),
    });
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).summary(summary).description(`${summary}.`);
    if (args.includes(name)) fill(command, await load(), context);
  }
  return program;
}

function fill(target: Commander, command: Command, context: Context) {
  const { argument, options, examples } = command;
  if (argument) target.addArgument(new Argument(argument.name, argument.help));
  for (const { flags, help, value } of Object.values(options)) {
    target.addOption(new Option(flags, help).makeOptionMandatory(!value.safeParse(undefined).success));
  }
  const plural = examples.length > 1 ? "Examples" : "Example";
  target.addHelpText("after", `\n${plural}:\n${examples.map((line) => `  ${line}`).join("\n")}`);
  target.action(async () => {
    await command.run(target.args, parseOptions(options, target.opts()), context);
  });
}

function parseOptions(specs: OptionSpecs, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(specs, key));
  if (unknown !== undefined) throw new Error(`option "${unknown}" must be the key of its OptionSpec`);
  return Object.fromEntries(
    Object.entries(specs).map(([key, { flags, value }]) => {
      const parsed = value.safeParse(given[key]);
      if (parsed.success) return [key, parsed.data];
      const [{ message }] = parsed.error.issues;
      throw new UserError(`${flags}: ${message}, found ${JSON.stringify(given[key])}`);
    }),
  );
}
