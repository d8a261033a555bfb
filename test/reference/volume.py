"""Makes volume.json: geometry, files, resampling and components as nibabel 5.0 and scipy 1.10 have them.

    python3 test/reference/volume.py > test/reference/volume.json

Arrays are flattened with x fastest.
"""
import base64
import gzip
import io
import json

import nibabel as nib
import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from scipy import ndimage

rng = np.random.default_rng(0)


def flat(a):
    return np.asarray(a).flatten(order="F").tolist()


def rows(affine):
    return np.asarray(affine, float)[:3].flatten().tolist()


def rotation(degrees):
    a, b, c = np.radians(degrees)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return z @ y @ x


def affine(linear, origin=(-7.5, 3.25, 11)):
    out = np.eye(4)
    out[:3, :3] = linear
    out[:3, 3] = origin
    return out


matrices = {
    "BraTS": affine(np.diag([-1, -1, 1]), (0, 239, 0)),
    "RAS": affine(np.diag([0.9, 0.8, 2.5])),
    "exchanged": affine(np.array([[0, 0, -3], [1, 0, 0], [0, -2, 0]])),
    "oblique": affine(rotation((10, -20, 30)) @ np.diag([1, 1.5, 2])),
    "oblique, mirrored": affine(rotation((100, 15, -75)) @ np.diag([-1, 1, 0.5])),
    "near 45 degrees": affine(rotation((44, 40, 46)) @ np.diag([1, 1, 4])),
    "sheared": affine(np.array([[-1, 0.3, 0.2], [0.1, -1.2, 0], [0.4, 0, 2]])),
    "half turn": affine(rotation((180, 0, 0)) @ np.diag([1, 1, 1])),
}


def geometry():
    for name, matrix in matrices.items():
        header = nib.Nifti1Header()
        header.set_qform(matrix, code=1)
        yield {
            "name": name,
            "affine": rows(matrix),
            "codes": "".join(nib.aff2axcodes(matrix)),
            "qfac": float(header["pixdim"][0]),
            "quaternion": [float(header[f"quatern_{k}"]) for k in "bcd"],
            "qform": rows(header.get_qform()),
        }


def packed(image):
    return base64.b64encode(gzip.compress(image.to_bytes(), 9, mtime=0)).decode()


def file(name, version, order, dtype, sform=None, qform=None, scale=None, extension=None, shape=(3, 2, 2)):
    dtype = np.dtype(dtype)
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    data = rng.normal(0, 100, shape) if limits is None else rng.integers(max(limits.min, -99), 100, shape)
    data = data.astype(dtype)
    if limits is not None:
        data[0, 0, 0], data[2, 1, 1] = limits.min, limits.max
    header = {1: nib.Nifti1Header, 2: nib.Nifti2Header}[version](endianness=order)
    header.set_data_dtype(dtype)
    header.set_data_shape(shape)
    image = {1: nib.Nifti1Image, 2: nib.Nifti2Image}[version](data, None, header)
    image.header.set_zooms((1, 1, 2) + (1,) * (len(shape) - 3))
    image.header.set_xyzt_units("mm")
    image.header.set_qform(None if qform is None else matrices[qform], code=0 if qform is None else 2)
    image.header.set_sform(None if sform is None else matrices[sform], code=0 if sform is None else 1)
    if scale:
        image.header.set_slope_inter(*scale)
    if extension:
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", extension))
    expected = image.header.get_sform() if sform else image.header.get_qform()
    slope, inter = scale or (1, 0)
    values = data.astype(float) * slope + inter
    return {"name": name, "file": packed(image), "affine": rows(expected), "data": flat(values.astype(np.float32).astype(float))}


def files():
    for i, dtype in enumerate("u1 i1 u2 i2 u4 i4 u8 i8 f4 f8".split()):
        for order in "<>":
            version = 1 + (i + (order == ">")) % 2
            yield file(f"{order}{dtype} NIfTI-{version}", version, order, dtype, "oblique", "BraTS")
    yield file("scaled", 1, "<", "i2", "RAS", scale=(0.25, -3))
    yield file("scaled, NIfTI-2", 2, ">", "u1", "RAS", scale=(2, 0.5))
    yield file("q-form only", 1, "<", "i2", None, "oblique, mirrored")
    yield file("q-form only, NIfTI-2", 2, ">", "i2", None, "oblique")
    yield file("q-form code greater than s-form code", 1, "<", "i2", "RAS", "BraTS")
    yield file("half turn", 1, "<", "u1", None, "half turn")
    yield file("with an extension", 1, "<", "i2", "BraTS", "BraTS", extension=b"made by a scanner")
    yield file("with an extension, NIfTI-2", 2, ">", "i2", "BraTS", "BraTS", extension=b"made by a scanner")
    yield file("4D with one volume", 1, "<", "i2", "BraTS", shape=(3, 2, 2, 1))


def turned():
    data = np.arange(24).reshape((2, 3, 4), order="F")
    for name in ("BraTS", "oblique", "exchanged"):
        for codes in ("RAS", "SPR", "ILA"):
            change = ornt_transform(io_orientation(matrices[name]), axcodes2ornt(codes))
            moved = matrices[name] @ inv_ornt_aff(change, data.shape)
            out = apply_orientation(data, change)
            yield {"from": name, "codes": codes, "size": out.shape, "affine": rows(moved), "data": flat(out)}


def resampled():
    data = rng.integers(0, 100, (5, 4, 3)).astype(float)
    for spacing in ((0.5, 1, 1.5), (2, 0.7, 1), (1.25, 1.25, 1.25)):
        old = np.array([1, 1, 1.5])
        size = [max(1, int(n * o / s + 0.5)) for n, o, s in zip(data.shape, old, spacing)]
        at = [(np.arange(m) - (m - 1) / 2) * s / o + (n - 1) / 2 for m, n, o, s in zip(size, data.shape, old, spacing)]
        out = ndimage.map_coordinates(data, np.meshgrid(*at, indexing="ij"), order=1, mode="nearest")
        yield {"source": flat(data), "size": data.shape, "old": old.tolist(), "spacing": spacing, "newSize": size, "data": flat(out)}


def components():
    mask = (rng.random((4, 6, 7)) < 0.22).astype(int)  # z, y, x: C order, so x is fastest
    for connectivity, rank in ((6, 1), (18, 2), (26, 3)):
        index, count = ndimage.label(mask, ndimage.generate_binary_structure(3, rank))
        sizes = np.bincount(index.ravel())[1:].tolist()
        yield {"size": mask.shape[::-1], "mask": mask.ravel().tolist(), "connectivity": connectivity, "index": index.ravel().tolist(), "sizes": sizes}


parts = {"geometry": geometry, "files": files, "turned": turned, "resampled": resampled, "components": components}
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(item) for item in make()) + "\n]" for name, make in parts.items()]
print("{\n" + ",\n".join(lines) + "\n}")
