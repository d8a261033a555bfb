/** @file The public entry `med-danet/node`: what Node brings to the core. */

export { openFolder, requireWritable } from "./folder.ts";
export { nodeGzip } from "./gzip.ts";
export { createNodeRuntime, devices, type NodeRuntimeOptions } from "./runtime.ts";
