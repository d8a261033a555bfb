import { defineConfig } from "vitest/config";

// Two cores run CI: one test file a core, and ONNX Runtime keeps to the threads it is given. The time limits are for a machine that has other work.
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
