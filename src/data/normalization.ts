/** @file Intensity normalizations: raw channels of a case in, what the networks see out. */

/**
 * `channels`: one array of voxels each, all of one length; `mask`: 1 where a voxel belongs to the body part. New arrays
 * come out.
 */
export type Normalization = (channels: readonly Float32Array[], mask: Uint8Array) => Float32Array[];

/** The brain: voxels where the sum of the raw modalities is > 0 (the authors' released code). */
export function maskBrain(channels: readonly Float32Array[]): Uint8Array {
  const mask = new Uint8Array(channels[0].length);
  const sum = new Float32Array(CHUNK);
  for (let start = 0; start < mask.length; start += CHUNK) {
    const length = Math.min(CHUNK, mask.length - start);
    sum.fill(0);
    for (const channel of channels) for (let i = 0; i < length; i++) sum[i] += channel[start + i];
    for (let i = 0; i < length; i++) mask[start + i] = sum[i] > 0 ? 1 : 0;
  }
  return mask;
}

/** Voxels at a time: the sums stay in the cache. */
const CHUNK = 1 << 14;

/**
 * z = (v - mean) / sd over the mask, with the population sd; 0 outside. A channel that is constant in the mask becomes
 * 0. `inside`: indices of the mask's voxels, a sixth of a BraTS volume, so that each pass is six times shorter.
 */
function zscore(channel: Float32Array, inside: Uint32Array): Float32Array {
  let sum = 0;
  for (let k = 0; k < inside.length; k++) sum += channel[inside[k]];
  const mean = sum / inside.length;
  let squares = 0;
  for (let k = 0; k < inside.length; k++) {
    const distance = channel[inside[k]] - mean;
    squares += distance * distance;
  }
  const sd = Math.sqrt(squares / inside.length);
  const scale = sd > 0 ? 1 / sd : 0;
  const out = new Float32Array(channel.length);
  for (let k = 0; k < inside.length; k++) out[inside[k]] = (channel[inside[k]] - mean) * scale;
  return out;
}

function indicesOf(mask: Uint8Array): Uint32Array {
  const indices = new Uint32Array(mask.length);
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) indices[count++] = i;
  return indices.subarray(0, count);
}

const brainZscore: Normalization = (channels, mask) => {
  const inside = indicesOf(mask);
  return channels.map((channel) => zscore(channel, inside));
};

export const normalizations = { brainZscore } as const satisfies Record<string, Normalization>;

export type NormalizationId = keyof typeof normalizations;
