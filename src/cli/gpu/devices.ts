/** @file What each device of this machine needs, has, and lacks. */

import { UserError } from "../../error.ts";
import { type CudaFiles, findCuda } from "../../node/cuda.ts";
import { createNodeRuntime, type Device, devices } from "../../node/runtime.ts";
import type { Table } from "../../report/table.ts";

export interface DeviceStatus {
  readonly device: Device;
  readonly usable: boolean;
  /** "onnxruntime-node 1.30.0"; null where it cannot be used. */
  readonly runtime: string | null;
  /** Null where it can be used. */
  readonly problem: string | null;
}

export interface Devices {
  readonly devices: readonly DeviceStatus[];
  /** Null without onnxruntime-node. */
  readonly cuda: CudaFiles | null;
}

/** Starts every device once. */
export async function findDevices(): Promise<Devices> {
  const found: DeviceStatus[] = [];
  for (const device of devices) found.push(await tryDevice(device));
  return { devices: found, cuda: await findCuda() };
}

async function tryDevice(device: Device): Promise<DeviceStatus> {
  try {
    const { name } = await createNodeRuntime({ device, threads: 1 });
    return { device, usable: true, runtime: name, problem: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { device, usable: false, runtime: null, problem: error.message };
  }
}

export const devicesTable = ({ devices }: Devices): Table => ({
  title: "Devices",
  columns: ["device", "usable", "by, or what is missing"].map((title) => ({ title })),
  rows: devices.map(({ device, usable, runtime, problem }) => [device, usable ? "yes" : "no", runtime ?? problem]),
});

/** Each file and library of CUDA with whether it was found. */
export function cudaTable({ folder, provider, libraries }: CudaFiles): Table {
  const rows = (what: string, found: Readonly<Record<string, boolean>>) =>
    Object.entries(found).map(([name, there]) => [name, what, there ? "found" : "missing"]);
  return {
    title: `CUDA files (${folder})`,
    columns: ["name", "what", "state"].map((title) => ({ title })),
    rows: [...rows("provider file", provider), ...rows("CUDA library", libraries)],
  };
}
