/** @file The safetensors format: a JSON header with a name, a shape and a place for each tensor, then their bytes. */

import { UserError } from "../error.ts";

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export interface Safetensors {
  readonly tensors: Readonly<Record<string, NamedTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** float32 only. Numbers are little-endian. */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data is aligned
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Tensors are copies. Throws `UserError` for bytes that are not a whole file of float32 tensors; `name` is for its message. */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const wrong = (found: string) =>
    new UserError(`${name} must be a whole safetensors file, ${found}; delete it or copy it again`);
  if (bytes.length < 8) throw wrong(`found ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (8 + length > bytes.length) throw wrong("its header is cut off");
  const { __metadata__, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
    __metadata__?: Record<string, string>;
  } & Record<string, Entry>;
  const tensors = Object.entries(entries).map(
    ([
      key,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      if (dtype !== "F32") throw wrong(`"${key}" is ${dtype}, not F32`);
      if (8 + length + to > bytes.length) throw wrong(`"${key}" is cut off`);
      const data = new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
      return [key, { shape, data }] as const;
    },
  );
  return { tensors: Object.fromEntries(tensors), metadata: __metadata__ ?? {} };
}
