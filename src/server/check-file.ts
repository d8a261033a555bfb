/** @file Looks at an uploaded file before it is queued: what it is, that it is whole, and that it unpacks to no more than allowed. */

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { Frame } from "../data/dataset.ts";
import { UserError } from "../error.ts";
import { plain } from "../node/folder.ts";
import { type NiftiHeader, parseHeader } from "../volume/nifti-header.ts";

/** Fixed part of a NIfTI-2 header; that of NIfTI-1 is shorter. */
const HEADER_BYTES = 540;
/** Bytes that are unpacked at a time: the default 16 KB would be ten thousand turns of the event loop a case. */
const PIECE = 1 << 19;

export interface CheckOptions {
  /** For messages. */
  readonly name: string;
  readonly frame: Frame;
  /** Throws where there are too many. */
  readonly limit: (bytes: number) => void;
}

/**
 * Bytes that the file takes as voxels: unpacked, or brought to the frame's spacing as float32, whichever is more. It is
 * read in pieces, so that one that unpacks to a million times its size costs no memory. Throws `UserError` for a file
 * that is not NIfTI or is cut off, and what `limit` throws.
 */
export async function checkFile(path: string, { name, frame, limit }: CheckOptions): Promise<number> {
  const head: Buffer[] = [];
  let bytes = 0;
  const source = createReadStream(path);
  const unpacked = (await isGzip(path)) ? source.pipe(createGunzip({ chunkSize: PIECE })) : source;
  source.on("error", (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      if (bytes < HEADER_BYTES) head.push(chunk.subarray(0, HEADER_BYTES));
      bytes += chunk.length;
      limit(bytes);
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!code.startsWith("Z_")) throw error;
    throw new UserError(`${name}: the gzip file must be whole, found "${message}"; send it again`);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  const header = parseHeader(plain(Buffer.concat(head)), name);
  const size = Math.max(bytes, 4 * countFrameVoxels(header, frame));
  limit(size);
  return size;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2);
    return buffer.readUInt16BE() === 0x1f8b;
  } finally {
    await file.close();
  }
}

/** A header may claim voxels of metres: resampled, they would be gigabytes. */
const countFrameVoxels = ({ grid: { size, spacing }, volumes }: NiftiHeader, frame: Frame): number =>
  size.reduce(
    (count, n, axis) => count * Math.ceil((n * spacing[axis]) / (frame.spacing[axis] ?? spacing[axis])),
    volumes,
  );
