/** @file Intensity normalizations: raw channels of a case in, what the networks see out. */

/**
 * `channels`: one array of voxels each, all of one length; `mask`: 1 where a voxel belongs to the body part. New arrays
 * come out.
 */
export type Normalization = (channels: readonly Float32Array[], mask: Uint8Array) => Float32Array[];

/** The brain: voxels where the sum of the raw modalities is > 0 (the authors' released code). */
export function maskBrain(channels: readonly Float32Array[]): Uint8Array {
  const sum = Float32Array.from(channels[0]);
  for (const channel of channels.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += channel[i];
  const mask = new Uint8Array(sum.length);
  for (let i = 0; i < sum.length; i++) mask[i] = sum[i] > 0 ? 1 : 0;
  return mask;
}

/**
 * z = (v - mean) / sd over the mask, with the population sd; 0 outside. A channel that is constant in the mask becomes
 * 0.
 */
function zscore(channel: Float32Array, mask: Uint8Array): Float32Array {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    count += mask[i];
    sum += mask[i] * channel[i];
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < mask.length; i++) {
    const distance = channel[i] - mean;
    squares += mask[i] * distance * distance; // `** 2` calls Math.pow: three times slower
  }
  const sd = Math.sqrt(squares / count);
  const scale = sd > 0 ? 1 / sd : 0;
  const out = new Float32Array(channel.length);
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) out[i] = (channel[i] - mean) * scale;
  return out;
}

const brainZscore: Normalization = (channels, mask) => channels.map((channel) => zscore(channel, mask));

export const normalizations = { brainZscore } as const satisfies Record<string, Normalization>;

export type NormalizationId = keyof typeof normalizations;
