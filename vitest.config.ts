import { defineConfig } from "vitest/config";

// Two cores run CI: one test file a core, and ONNX Runtime keeps to the threads it is given.
export default defineConfig({
  test: { include: ["src/**/*.test.ts", "test/**/*.test.ts"], testTimeout: 60_000, maxWorkers: 2 },
});
