/** @file `Gzip` by the streams that every browser has. */

import type { Gzip } from "../platform.ts";

const pipe = async (bytes: Uint8Array, stream: GenericTransformStream): Promise<Uint8Array> =>
  new Uint8Array(await new Response(new Blob([bytes as BlobPart]).stream().pipeThrough(stream)).arrayBuffer());

/** `inflate` rejects when the data are cut short or damaged. */
export const webGzip: Gzip = {
  inflate: (bytes) => pipe(bytes, new DecompressionStream("gzip")),
  deflate: (bytes) => pipe(bytes, new CompressionStream("gzip")),
};
