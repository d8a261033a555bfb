import { describe, expect, test } from "vitest";
import reference from "../../test/reference/volume.json" with { type: "json" };
import * as affine from "./affine.ts";
import { quaternionOf, rotationOf } from "./quaternion.ts";

const near = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 5));

describe("affine", () => {
  // x to the left in steps of 2 mm, y up in steps of 3, z forward in steps of 4; voxel 0 lies at (10, 20, 30)
  const turned = [-2, 0, 0, 10, 0, 0, 4, 20, 0, 3, 0, 30];

  test("takes voxels to the world", () => {
    expect(affine.toWorld(turned, [1, 2, 3])).toEqual([8, 32, 36]);
    expect(affine.columnNorms(affine.linearPart(turned))).toEqual([2, 3, 4]);
    expect(affine.determinant(affine.linearPart(turned))).toBe(24);
  });

  test("moves the origin without moving the world", () => {
    const moved = affine.moveOrigin(turned, [1, 1, 1]);
    expect(affine.toWorld(moved, [0, 1, 2])).toEqual(affine.toWorld(turned, [1, 2, 3]));
  });

  test("relates two grids by the world", () => {
    const other = affine.moveOrigin(turned, [5, -6, 7]);
    const voxel = affine.toWorld(affine.relativeAffine(turned, other), [1, 2, 3]);
    expect(voxel).toEqual(near([6, -4, 10]));
  });

  test("inverts", () => {
    const m = [2, 1, 0, -1, 3, 5, 0.5, 0, 4];
    expect(affine.multiply(m, affine.invert(m))).toEqual(near([1, 0, 0, 0, 1, 0, 0, 0, 1]));
  });

  test("finds the rotation in a stretched one, and the middle of a shear", () => {
    const quarterTurn = [0, -1, 0, 1, 0, 0, 0, 0, 1];
    expect(affine.nearestOrthogonal(affine.scaleColumns(quarterTurn, [2, 3, 0.1]))).toEqual(near(quarterTurn));
    // x and y axes 60 degrees apart are turned by 15 degrees each
    const [cos, sin] = [Math.cos(Math.PI / 12), Math.sin(Math.PI / 12)];
    const sheared = [1, 0.5, 0, 0, Math.sqrt(0.75), 0, 0, 0, 1];
    expect(affine.nearestOrthogonal(sheared)).toEqual(near([cos, sin, 0, -sin, cos, 0, 0, 0, 1]));
  });
});

describe("quaternion", () => {
  test.each(reference.geometry)("$name: rotation and back, as in nibabel", ({ affine: rows, qfac, quaternion }) => {
    const matrix = affine.scaleColumns(affine.linearPart(rows), [1, 1, qfac]);
    const rotation = affine.nearestOrthogonal(matrix);
    expect(rotationOf(quaternion as [number, number, number])).toEqual(near(rotation));
    // q and -q are one rotation when a = 0: compared as rotations
    expect(rotationOf(quaternionOf(rotation))).toEqual(near(rotation));
    const [first, found] = [quaternion.findIndex((v) => Math.abs(v) > 0.1), quaternionOf(rotation)];
    const sign = first >= 0 && found[first] * quaternion[first] < 0 ? -1 : 1;
    expect(found.map((value) => sign * value)).toEqual(near(quaternion));
  });

  test("a half turn whose float32 quaternion is longer than 1 stays a half turn", () => {
    expect(rotationOf([1 + 1e-7, 0, 0])).toEqual(near([1, 0, 0, 0, -1, 0, 0, 0, -1]));
  });
});
