import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { UserError } from "../error.ts";
import { type Context, defineCommand } from "./command.ts";
import { runProgram } from "./program.ts";

/** What the stand-in for a command does. */
const work = vi.hoisted(() => ({ run: async (..._: unknown[]) => {} }));

vi.mock("./commands/index.ts", () => ({
  commands: {
    greet: { summary: "Greet", load: async () => greet },
    other: { summary: "Other", load: () => Promise.reject(new Error("must not be imported")) },
  },
}));

const greet = defineCommand({
  argument: { name: "[name...]", help: "whom" },
  options: {
    dryRun: { flags: "--dry-run", help: "do not", value: z.boolean().default(false) },
    times: { flags: "--times <n>", help: "how often", value: z.coerce.number().int().positive().optional() },
  },
  examples: ["med-danet greet you"],
  run: (...given) => work.run(...given),
});

async function run(args: string[], { abort = false } = {}) {
  const texts = { stdout: "", stderr: "" };
  const output = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const controller = new AbortController();
  if (abort) controller.abort();
  const surroundings = { stdout: output("stdout"), stderr: output("stderr"), signal: controller.signal };
  return { code: await runProgram(args, surroundings), ...texts };
}

afterEach(() => {
  work.run = async () => {};
});

test("a command gets its arguments and converted options; other commands are not imported", async () => {
  let given: unknown[] = [];
  work.run = async (...all) => {
    given = all;
    (all[2] as Context).print("hello");
    (all[2] as Context).note("by the way");
  };
  expect(await run(["greet", "a", "b", "--dry-run", "--times", "3"])).toEqual({
    ...{ code: 0, stdout: "hello\n", stderr: "by the way\n" },
  });
  expect(given.slice(0, 2)).toEqual([["a", "b"], { dryRun: true, times: 3 }]);
  await run(["greet"]);
  expect(given.slice(0, 2)).toEqual([[], { dryRun: false, times: undefined }]);
});

test.each<[string, unknown, number, RegExp]>([
  ["the user's", new UserError("a must be b"), 2, /^error: a must be b\n$/],
  ["a bug", new TypeError("oops"), 1, /^TypeError: oops\n {4}at /],
])("an error that is %s", async (_, error, code, stderr) => {
  work.run = () => Promise.reject(error);
  const result = await run(["greet"]);
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(stderr);
});

test("an interrupted command ends with 130, whatever it throws", async () => {
  work.run = () => Promise.reject(new Error("This operation was aborted"));
  expect(await run(["greet"], { abort: true })).toMatchObject({ code: 130, stderr: "interrupted\n" });
});

test.each([
  ["an unknown command", ["greets"], "unknown command 'greets'"],
  ["an unknown option", ["greet", "--time", "3"], "Did you mean --times?"],
  ["a wrong value", ["greet", "--times", "x"], '--times <n>: Invalid input: expected number, received NaN, found "x"'],
  ["no command", [], "Usage: med-danet"],
])("%s is the user's error", async (_, args, message) => {
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test.each([
  [["greet", "--help"], "Example:\n  med-danet greet you"],
  [["help", "greet"], "--times <n>"],
  [["--help"], "greet"],
  [["--version"], "."],
])("%j is answered on stdout", async (args, text) => {
  const { code, stdout } = await run(args);
  expect(code).toBe(0);
  expect(stdout).toContain(text);
});
