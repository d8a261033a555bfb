/** @file The doors to the outside. Core code receives them as arguments and knows neither Node nor the browser. */

export type DType = "float32" | "int64" | "int32" | "uint8" | "bool";

/** A dense array, row-major: the last of `dims` varies fastest. */
export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph once. `only` names the outputs that are wanted; default: all. */
  run(feeds: Record<string, Tensor>, only?: readonly string[]): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** A session some of whose outputs are its inputs in the next run: weights and moments of a training step. */
export interface CarryingSession extends Session {
  /** Those inputs as the next run will take them. */
  carried(): Promise<Record<string, Tensor>>;
}
/** Input -> the output that takes its place. */
export type Carry = Readonly<Record<string, string>>;

/** Executes ONNX models. */
export interface Runtime {
  /** Name and version, for reports: "onnxruntime-node 1.30.0". */
  readonly name: string;
  /** Where it computes: "cpu", "cuda", "webgpu", "wasm". */
  readonly device: string;
  load(onnx: Uint8Array): Promise<Session>;
  /** The device lacks kernels: a training step must be lowered (`lowerGraph`). Absent: it has them all. */
  readonly lowered?: boolean;
  /**
   * What is carried stays on the device. Only the first run is given the carried inputs. Absent: the device computes in
   * the memory of the process, or keeps nothing (`carryOnHost`).
   */
  loadCarrying?(onnx: Uint8Array, carry: Carry): Promise<CarryingSession>;
}

/** A folder of files. Paths are relative, separated by "/". */
export interface Folder {
  /** For messages to the user. */
  readonly name: string;
  /** Every file below the folder, sorted. */
  list(): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Written to a temporary name and renamed, so that a reader never sees half a file. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** gzip as the platform does it best (node:zlib is five times faster than the web streams). */
export interface Gzip {
  inflate(bytes: Uint8Array): Promise<Uint8Array>;
  deflate(bytes: Uint8Array): Promise<Uint8Array>;
}

/** How far a long work is: `done` of `total` steps of `stage`. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Share of the work that is done, where the units differ in cost; default: done / total. */
  readonly share?: number;
}
