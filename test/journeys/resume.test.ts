/** Training killed with SIGKILL and resumed ends with the bytes of a training that nobody disturbed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { writePhantoms } from "../../src/data/phantom.ts";
import { nodeGzip, openFolder } from "../../src/node/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "med-danet-resume-"));
  await writePhantoms(openFolder(join(folder, "data")), nodeGzip, { cases: 5, seed: 3, size: [32, 32, 8] });
});

const SMALL = [
  "bank.epochs=4",
  "bank.stepsPerEpoch=6",
  "bank.batch=4",
  "decisionTraining.epochs=3",
  "decisionTraining.stepsPerEpoch=6",
];

function startTraining(out: string, ...more: string[]) {
  const settings = SMALL.flatMap((setting) => ["--set", setting]);
  const args = [
    "train",
    "--recipe",
    "phantom",
    "--data",
    join(folder, "data"),
    "--out",
    join(folder, out),
    "--threads",
    "1",
  ];
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args, ...settings, ...more], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null, stderr }));
  return { child, ended };
}

/** Kills the training as soon as `file` is there. */
async function killAfter(file: string, out: string, ...more: string[]) {
  const { child, ended } = startTraining(out, ...more);
  while (!existsSync(join(folder, out, file)) && child.exitCode === null) await sleep(5);
  child.kill("SIGKILL");
  expect((await ended).code, "it was still running").toBe(null);
}

const bankOf = (out: string) => {
  const bank = join(folder, out, "bank");
  return Object.fromEntries(readdirSync(bank).map((file) => [file, readFileSync(join(bank, file)).toString("base64")]));
};
const losses = (out: string) =>
  readFileSync(join(folder, out, "log.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => ({ ...JSON.parse(line), seconds: 0 }));

test("killed twice and resumed: the same weights to the byte, and one log", async () => {
  expect(await startTraining("whole").ended).toMatchObject({ code: 0 });
  await killAfter("checkpoints/bank.safetensors", "killed");
  await killAfter("checkpoints/decision.safetensors", "killed", "--resume");
  expect(existsSync(join(folder, "killed", "bank"))).toBe(false);
  expect(await startTraining("killed", "--resume").ended).toMatchObject({ code: 0 });
  expect(bankOf("killed")).toEqual(bankOf("whole"));
  expect(losses("killed")).toEqual(losses("whole"));
});

test("Ctrl-C writes a checkpoint and the report so far, and says how to go on", async () => {
  const { child, ended } = startTraining("interrupted");
  while (!existsSync(join(folder, "interrupted", "checkpoints/bank.safetensors"))) await sleep(5);
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain("--resume");
  const report = () => readFileSync(join(folder, "interrupted", "report.html"), "utf8");
  expect(report()).toContain("Model bank");
  expect(await startTraining("interrupted", "--resume").ended).toMatchObject({ code: 0 });
  expect(report()).toContain("Windows of the validation cases: label (rows) and decision (columns)");
});

test.each([
  ["a training is there and nobody asked to resume", [], "already holds a training"],
  ["another recipe", ["--resume", "--set", "seed=9"], "was made with another recipe"],
  [
    "a key that the recipe does not have",
    ["--resume", "--set", "bank.epoch=2"],
    'has no "epoch" there; it has: epochs',
  ],
  ["a value of another type", ["--resume", "--set", "bank.epochs=two"], "bank.epochs"],
])("%s: one line, exit 2", async (_, more, line) => {
  const { code, stderr } = await startTraining("whole", ...more).ended;
  expect(code).toBe(2);
  const errors = stderr.split("\n").filter((text) => text && !text.startsWith("cases ")); // progress is no error
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(line);
});
