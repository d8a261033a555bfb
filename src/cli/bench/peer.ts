/** @file The PyTorch peer of the speed figures: bench/torch_step.py, which times one run a request. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Timing {
  readonly wallSeconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

export interface Peer {
  /** "1.13.1" */
  readonly version: string;
  /** One timed run; `request` is "M2 step", "M2 forward" or "matmul". */
  time(request: string): Promise<Timing>;
  close(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL("../../../bench/torch_step.py", import.meta.url));
/** On the CPU Debian's, where python3-torch is installed; on a GPU whichever comes first. */
const pythons = { cpu: "/usr/bin/python3", cuda: "python3" } as const;

export interface PeerOptions {
  readonly device: keyof typeof pythons;
  readonly threads: number;
  readonly batch: number;
}

/** Null when Python, the script or PyTorch is not there. */
export async function startPeer({ device, threads, batch }: PeerOptions): Promise<Peer | null> {
  const settings = ["--device", device, "--threads", String(threads), "--batch", String(batch)];
  const child = spawn(pythons[device], [SCRIPT, "--serve", ...settings], { stdio: ["pipe", "pipe", "ignore"] });
  const failed = once(child, "error").then(() => null);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    return done ? {} : (JSON.parse(value) as Record<string, unknown>);
  };
  const first = await Promise.race([failed, read()]);
  if (!first?.["ready"]) return null;
  return {
    version: String(first["torch"]),
    time: async (request) => {
      child.stdin!.write(`${request}\n`);
      const { wall_s, cpu_s, error } = await read();
      if (error !== undefined || wall_s === undefined) throw new Error(`PyTorch peer: ${error ?? "it ended"}`);
      return { wallSeconds: Number(wall_s), cpuSeconds: Number(cpu_s) };
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess) {
  const ended = once(child, "exit");
  child.stdin!.end();
  await ended;
}
