/** @file What `--device cuda` needs: ONNX Runtime's CUDA provider beside its Node binding, and the CUDA libraries. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loaderProblem, neededLibraries } from "./shared-library.ts";

const PROVIDER_FILES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"] as const;
/** Loaded by name at the first convolution, so that `ldd` does not list it. */
const CUDNN = "libcudnn.so.9";

export interface CudaFiles {
  /** Of onnxruntime-node. */
  readonly version: string;
  /** Where its native files lie. */
  readonly folder: string;
  /** Provider file -> whether it is there. */
  readonly provider: Readonly<Record<string, boolean>>;
  /** CUDA library -> whether the loader finds it; empty without the provider. */
  readonly libraries: Readonly<Record<string, boolean>>;
}

/** Null where onnxruntime-node is not installed. */
export async function findCuda(): Promise<CudaFiles | null> {
  const place = await locateRuntime();
  if (!place) return null;
  const provider = Object.fromEntries(PROVIDER_FILES.map((file) => [file, existsSync(join(place.folder, file))]));
  return { ...place, provider, libraries: all(provider) ? await findLibraries(place.folder) : {} };
}

async function locateRuntime(): Promise<Pick<CudaFiles, "version" | "folder"> | null> {
  try {
    const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    return { version, folder: join(dirname(manifest), "bin", "napi-v6", process.platform, process.arch) };
  } catch {
    return null;
  }
}

const all = (found: Readonly<Record<string, boolean>>) => Object.values(found).every(Boolean);
const missing = (found: Readonly<Record<string, boolean>>) => Object.keys(found).filter((name) => !found[name]);

async function findLibraries(folder: string): Promise<Record<string, boolean>> {
  const needed = await neededLibraries(join(folder, PROVIDER_FILES[0]));
  const cuda = Object.entries(needed).filter(([name]) => /^lib(cu|nv)/.test(name));
  return { ...Object.fromEntries(cuda), [CUDNN]: loaderProblem(CUDNN) === null };
}

/** What must hold for CUDA, what was found, and the way out, in one line; null when nothing is missing. */
export function cudaProblem({ provider, libraries, folder }: CudaFiles): string | null {
  const files = missing(provider);
  if (files.length > 0)
    return `device cuda needs ${files.join(", ")} in ${folder}: not there; run: med-danet gpu install, or use --device cpu`;
  const lacking = missing(libraries);
  if (lacking.length === 0) return null;
  return (
    `device cuda needs the CUDA libraries ${lacking.join(", ")}: the loader does not find them; install them, or add their ` +
    "folders to LD_LIBRARY_PATH, or use --device cpu"
  );
}
