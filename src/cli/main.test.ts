import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

test("a reader that leaves first (| head) is no error", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "info"], { stdio: "pipe" });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += text));
  expect(await once(child, "close")).toEqual([0, null]);
  expect(stderr).toBe("");
});
