/** @file What each file of a case may be, where its name does not follow the data set's naming. */

/** Parts of file names that tell a modality, the more telling first. A plain "t1" is the last guess. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/seg|label|mask|truth/i, "truth"],
  [/flair|t2f/i, "flair"],
  [/t1[-_ ]?(c|gd|gad|post|km)|post[-_ ]?contrast|contrast/i, "t1ce"],
  [/t2/i, "t2"],
  [/t1/i, "t1"],
];

/** Path -> a role of `roles` or "", each role once: for the person who opened the files to confirm. */
export function guessChannels(paths: readonly string[], roles: readonly string[]): Record<string, string> {
  const taken = new Set<string>();
  return Object.fromEntries(
    paths.map((path) => {
      const [, role = ""] = hints.find(([hint]) => hint.test(path.slice(path.lastIndexOf("/") + 1))) ?? [];
      const isFree = roles.includes(role) && !taken.has(role);
      if (isFree) taken.add(role);
      return [path, isFree ? role : ""];
    }),
  );
}
