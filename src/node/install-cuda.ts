/** @file Brings ONNX Runtime's CUDA provider from npm: the vendor's own installer takes it from NuGet, which many networks block. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../error.ts";
import type { Progress } from "../platform.ts";
import { type CudaFiles, findCuda } from "./cuda.ts";

export interface CudaPackage {
  readonly name: string;
  readonly version: string;
  /** The version of ONNX Runtime that its files fit. */
  readonly runtime: string;
  readonly megabytes: number;
  /** File in the archive's folder Plugins/Linux/x64 -> sha256. */
  readonly files: Readonly<Record<string, string>>;
}

/** For CUDA 13, with machine code for sm_90 among others. */
export const cudaPackage: CudaPackage = {
  name: "com.github.asus4.onnxruntime.linux-x64-gpu",
  version: "0.4.9",
  runtime: "1.29.0",
  megabytes: 179,
  files: {
    "libonnxruntime_providers_cuda.so": "56cf3254b118ad837ccc4ed8f6d1b23504bbf7ef91b34cbc0b289cb7f10b3037",
    "libonnxruntime_providers_shared.so": "c6a12593396095f5670160e284c35d1700b7708cf3037b7042e2a5200ccae772",
  },
};

const run = promisify(execFile);

/**
 * Fetches, checks and places the provider's files beside onnxruntime-node; returns their folder. A file is under its name
 * whole or not at all. Throws `UserError` where they would not fit, cannot be fetched, or are not the expected ones.
 */
export async function installCuda(onProgress: (progress: Progress) => void, source = cudaPackage): Promise<string> {
  const { folder } = await requireFit(source);
  const { name, version, megabytes, files } = source;
  const temporary = await mkdtemp(join(folder, ".cuda-")).catch((error: Error) => {
    throw new UserError(`${folder} must be writable: ${error.message}`);
  });
  try {
    const steps = ["fetch", "unpack", "check", "place"];
    const stage = `CUDA files, ${megabytes} MB from npm`;
    const report = (step: string) => onProgress({ stage, done: steps.indexOf(step), total: steps.length });
    report("fetch");
    const archive = await fetchPackage(`${name}@${version}`, temporary);
    report("unpack");
    const inside = Object.keys(files).map((file) => `package/Plugins/Linux/x64/${file}`);
    await run("tar", ["-xzf", archive, "-C", temporary, "--strip-components=4", ...inside]);
    report("check");
    for (const [file, digest] of Object.entries(files)) await requireDigest(join(temporary, file), digest);
    report("place");
    for (const file of Object.keys(files)) await rename(join(temporary, file), join(folder, file));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

async function requireFit({ runtime }: CudaPackage): Promise<CudaFiles> {
  const found = await findCuda();
  if (!found) throw new UserError("the CUDA files need onnxruntime-node: npm install it first");
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== "linux-x64") throw new UserError(`the CUDA files are for linux-x64, this is ${platform}`);
  if (found.version !== runtime)
    throw new UserError(
      `the CUDA files on npm fit onnxruntime-node ${runtime}, found ${found.version}: install that version, or ` +
        "take the vendor's files: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12",
    );
  if (Object.values(found.provider).every(Boolean))
    throw new UserError(`the CUDA files are in ${found.folder} already; delete them to fetch them again`);
  return found;
}

/** By the npm client, with its registry, proxy and integrity check. */
async function fetchPackage(spec: string, into: string): Promise<string> {
  try {
    const { stdout } = await run("npm", ["pack", spec, "--json", "--pack-destination", into]);
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    return join(into, filename);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = stderr?.match(/npm error (?!code)(.*)/)?.[1] ?? message.split("\n")[0];
    throw new UserError(`npm pack ${spec} must reach the npm registry: ${reason}`);
  }
}

/** Throws `UserError` for a file with another sha256. */
export async function requireDigest(path: string, expected: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part);
  const found = hash.digest("hex");
  if (found !== expected) throw new UserError(`${path}: sha256 must be ${expected}, found ${found}; fetch it again`);
}
