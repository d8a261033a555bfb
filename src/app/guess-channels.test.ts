import { expect, test } from "vitest";
import { guessChannels } from "./guess-channels.ts";

const roles = ["flair", "t1ce", "t1", "t2", "truth"];

test.each([
  [
    ["x/FLAIR_axial.nii", "x/t1_post.nii", "x/t1w.nii", "x/T2w.nii.gz"],
    ["flair", "t1ce", "t1", "t2"],
  ],
  [
    ["t2/pat_T1GD.nii", "t2/pat_T1.nii", "t2/pat_Labels.nii"],
    ["t1ce", "t1", "truth"],
  ],
  [
    ["t1_a.nii", "t1_b.nii", "scan.nii"],
    ["t1", "", ""],
  ],
])("%j", (paths, expected) => {
  expect(Object.values(guessChannels(paths, roles))).toEqual(expected);
});
