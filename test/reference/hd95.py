"""Makes hd95.json: surface distances as medpy computes them, written with scipy only. Run: python3 hd95.py > hd95.json
Masks and distances are flat, x fastest, as in the project. `edt` are distances (mm) to the truth's voxels."""
import json

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt, generate_binary_structure


def surface_distances(a, b, spacing):
    cross = generate_binary_structure(3, 1)
    border_a, border_b = a ^ binary_erosion(a, cross), b ^ binary_erosion(b, cross)
    return distance_transform_edt(~border_b, sampling=spacing)[border_a]


def flat(array):
    return array.ravel(order="F")


rng = np.random.default_rng(1)
cases = []
for size, spacing, share in [
    ((6, 5, 4), (1, 1, 1), 0.15),
    ((6, 5, 4), (0.8, 1.3, 2.5), 0.15),
    ((4, 7, 5), (3.0, 0.5, 1.0), 0.05),
    ((7, 6, 6), (0.9375, 0.9375, 5.0), 0.6),
    ((5, 1, 8), (1.5, 1.0, 0.7), 0.3),
    ((6, 6, 6), (1.1, 1.2, 1.3), 0.95),
]:
    a, b = rng.random(size) < share, rng.random(size) < share
    pooled = np.hstack([surface_distances(a, b, spacing), surface_distances(b, a, spacing)])
    cases.append({
        "size": size,
        "spacing": spacing,
        "prediction": "".join("01"[int(v)] for v in flat(a)),
        "truth": "".join("01"[int(v)] for v in flat(b)),
        "edt": [round(v, 6) for v in flat(distance_transform_edt(~b, sampling=spacing))],
        "hd95": float(np.percentile(pooled, 95)),
    })
print("[" + ",\n".join(json.dumps(case) for case in cases) + "]")
