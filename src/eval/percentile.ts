/** @file The linearly interpolated percentile, numpy's default. */

/**
 * Percentile `p` in 0..100 of ascending values: rank r = p / 100 * (n - 1), interpolated between floor(r) and ceil(r).
 * `sorted` must not be empty.
 */
export function percentile(sorted: ArrayLike<number>, p: number): number {
  const rank = (p / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return low + (high - low) * (rank - below);
}
