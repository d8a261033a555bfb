/** @file The table of commands. A command is imported when it is called. */

export const commands = {
  info: {
    summary: "Say what is inside: networks with their counts, data sets, recipes",
    load: async () => (await import("./info.ts")).info,
  },
  train: {
    summary: "Train a model bank and its decision network",
    load: async () => (await import("./train.ts")).train,
  },
  segment: { summary: "Segment cases with a model bank", load: async () => (await import("./segment.ts")).segment },
  evaluate: {
    summary: "Measure predictions against the truth",
    load: async () => (await import("./evaluate.ts")).evaluate,
  },
  bank: {
    summary: "Add an ONNX model of another tool to a model bank",
    load: async () => (await import("./bank.ts")).bank,
  },
  postprocess: {
    summary: "Try thresholds of post-processing on predictions that have a truth",
    load: async () => (await import("./postprocess.ts")).postprocess,
  },
  reproduce: {
    summary: "Make a table or figure of the paper for a bank and cases at hand",
    load: async () => (await import("./reproduce.ts")).reproduce,
  },
  phantom: {
    summary: "Write synthetic cases, to try everything without data",
    load: async () => (await import("./phantom.ts")).phantom,
  },
  gpu: {
    summary: "Say what each device has and lacks, fetch the CUDA files, check its ops",
    load: async () => (await import("./gpu.ts")).gpu,
  },
  serve: {
    summary: "Serve the page, and an HTTP API that queues cases",
    load: async () => (await import("./serve.ts")).serve,
  },
  bench: { summary: "Measure speed and memory on this machine", load: async () => (await import("./bench.ts")).bench },
} as const;
