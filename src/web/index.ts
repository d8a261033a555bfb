/** @file The public entry `med-danet/web`: what a browser brings to the core. */

export { type GivenFile, openBankUrl, openFiles, openUrl, openZip } from "./folder.ts";
export { webGzip } from "./gzip.ts";
export { createWebRuntime, type WebDevice, type WebRuntimeOptions, webDevices } from "./runtime.ts";
