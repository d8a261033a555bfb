"""Writes zoo.json: outputs of the compared networks and of the decision networks of Table 5, in float64, under batch statistics.

Run with a Python that has PyTorch (made with 1.13.0): python3 test/reference/make_zoo.py

Written from the papers and their public code with torch.nn.functional, independently of the TypeScript. Sizes are those of
test/tiny-networks.ts without dropout; weights and images follow the rules of make_networks.py, whose functions are used.
Shown are logits of decision networks, and of the others probabilities: the first 8 and every 257th, row-major.
"""

import json
import math
import pathlib

import torch
from torch.nn import functional as F

from make_networks import all_logits, image, probabilities, pseudo_random


class Weights:
    """Named weights: the first forward pass collects shapes, `fill` gives values by their place among the sorted names."""

    def __init__(self):
        self.values = {}
        self.filled = False

    def __call__(self, name, *shape):
        if not self.filled:
            assert name not in self.values, name
            self.values[name] = torch.full(shape, 0.1, dtype=torch.float64)
        assert self.values[name].shape == shape, name
        return self.values[name]

    def fill(self):
        self.filled = True
        for j, name in enumerate(sorted(self.values)):
            shape = self.values[name].shape
            u = torch.from_numpy(pseudo_random(j, math.prod(shape))).reshape(shape)
            if name.endswith(".weight") and len(shape) > 1:
                self.values[name] = u * 2 / math.sqrt(math.prod(shape[1:]))
            else:
                self.values[name] = 0.2 * u + (1 if name.endswith(".weight") else 0)


W = Weights()


def conv(name, x, out, kernel, stride=1, padding=None, groups=1, bias=True, standardize=False):
    rank = x.dim() - 2
    kernel = (kernel,) * rank if isinstance(kernel, int) else kernel
    padding = [k // 2 for k in kernel] if padding is None else padding
    weight = W(f"{name}.weight", out, x.shape[1] // groups, *kernel)
    if standardize:
        flat = weight.flatten(1)
        flat = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        weight = flat.view_as(weight)
    run = F.conv2d if rank == 2 else F.conv3d
    return run(x, weight, W(f"{name}.bias", out) if bias else None, stride=stride, padding=padding, groups=groups)


def up_conv(name, x, out, kernel, stride, padding=0, output_padding=0):
    kernel = (kernel,) * 3 if isinstance(kernel, int) else kernel
    weight = W(f"{name}.weight", x.shape[1], out, *kernel)
    return F.conv_transpose3d(x, weight, W(f"{name}.bias", out), stride, padding, output_padding)


def bn(name, x):
    c = x.shape[1]
    return F.batch_norm(x, None, None, W(f"{name}.weight", c), W(f"{name}.bias", c), training=True)


def gn(name, x, groups, eps=1e-5):
    c = x.shape[1]
    return F.group_norm(x, groups, W(f"{name}.weight", c), W(f"{name}.bias", c), eps)


def ln(name, x, eps=1e-5):
    c = x.shape[-1]
    return F.layer_norm(x, (c,), W(f"{name}.weight", c), W(f"{name}.bias", c), eps)


def linear(name, x, out, bias=True):
    return F.linear(x, W(f"{name}.weight", out, x.shape[-1]), W(f"{name}.bias", out) if bias else None)


def conv_bn_relu2(name, x, out, kernel=3, bias=True):
    for i in (1, 2):
        x = F.relu(bn(f"{name}.norm{i}", conv(f"{name}.conv{i}", x, out, kernel, bias=bias)))
    return x


def heads_attention(name, x, heads, qkv_bias, added=0.0):
    """x [windows, tokens, dim]; `added` to the scores [windows, heads, tokens, tokens]."""
    b, t, c = x.shape
    q, k, v = linear(f"{name}.qkv", x, 3 * c, bias=qkv_bias).view(b, t, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
    scores = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(c // heads) + added
    return linear(f"{name}.proj", torch.einsum("bhij,bhjd->bihd", scores.softmax(-1), v).reshape(b, t, c), c)


def transformer_layer(name, x, hidden, attend, eps=1e-5):
    x = x + attend(f"{name}.attention", ln(f"{name}.norm1", x, eps))
    y = F.gelu(linear(f"{name}.mlp.fc1", ln(f"{name}.norm2", x, eps), hidden))
    return x + linear(f"{name}.mlp.fc2", y, x.shape[-1])


# Decision networks ------------------------------------------------------------------------------------------------

def make_divisible(v, divisor):
    new = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return new + divisor if new < 0.9 * v else new


def conv_bn(name, x, out, kernel, stride=1, groups=1):
    return bn(f"{name}.norm", conv(f"{name}.conv", x, out, kernel, stride, groups=groups, bias=False))


def mobilenetv2(x, width, outputs):
    relu6 = F.relu6
    x = relu6(conv_bn("stem", x, make_divisible(32 * width, 8), 3, 2))
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for s, (t, c, n, stride) in enumerate(table, start=1):
        for i in range(n):
            name, step, inputs, out = f"stage{s}.{i}", stride if i == 0 else 1, x.shape[1], make_divisible(c * width, 8)
            y = relu6(conv_bn(f"{name}.expand", x, t * inputs, 1)) if t != 1 else x
            y = relu6(conv_bn(f"{name}.depthwise", y, y.shape[1], 3, step, groups=y.shape[1]))
            y = conv_bn(f"{name}.project", y, out, 1)
            x = x + y if step == 1 and inputs == out else y
    x = relu6(conv_bn("last", x, max(1280, make_divisible(1280 * width, 8)), 1))
    return linear("classifier", x.mean((2, 3)), outputs)


def ghost_module(name, x, out, act):
    primary = act(conv_bn(f"{name}.primary", x, out // 2, 1))
    return torch.cat([primary, act(conv_bn(f"{name}.cheap", primary, out // 2, 3, groups=out // 2))], 1)


def ghostnet(x, width, outputs):
    table = [(3, 16, 16, 0, 1), (3, 48, 24, 0, 2), (3, 72, 24, 0, 1), (5, 72, 40, .25, 2), (5, 120, 40, .25, 1),
             (3, 240, 80, 0, 2), (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, .25, 1),
             (3, 672, 112, .25, 1), (5, 672, 160, .25, 2), (5, 960, 160, 0, 1), (5, 960, 160, .25, 1), (5, 960, 160, 0, 1),
             (5, 960, 160, .25, 1)]
    x = F.relu(conv_bn("stem", x, make_divisible(16 * width, 4), 3, 2))
    for i, (k, exp, c, se, s) in enumerate(table):
        name, inputs, mid, out = f"blocks.{i}", x.shape[1], make_divisible(exp * width, 4), make_divisible(c * width, 4)
        y = ghost_module(f"{name}.ghost1", x, mid, F.relu)
        if s > 1:
            y = conv_bn(f"{name}.depthwise", y, mid, k, s, groups=mid)
        if se:
            z = F.relu(conv(f"{name}.se.reduce", F.adaptive_avg_pool2d(y, 1), make_divisible(mid * se, 4), 1))
            y = y * F.hardsigmoid(conv(f"{name}.se.expand", z, mid, 1))
        y = ghost_module(f"{name}.ghost2", y, out, lambda maps: maps)
        if inputs != out or s != 1:
            x = conv_bn(f"{name}.shortcut.depthwise", x, inputs, k, s, groups=inputs)
            x = conv_bn(f"{name}.shortcut.pointwise", x, out, 1)
        x = x + y
    x = F.adaptive_avg_pool2d(F.relu(conv_bn("last", x, make_divisible(960 * width, 4), 1)), 1)
    return linear("classifier", F.relu(conv("head", x, 1280, 1)).flatten(1), outputs)


# Two dimensions ---------------------------------------------------------------------------------------------------

def bottleneck(name, x, out, stride):
    def std(key, v, width, kernel, step=1):
        return conv(f"{name}.{key}", v, width, kernel, step, bias=False, standardize=True)

    residual = x
    if stride != 1 or x.shape[1] != out:
        residual = gn(f"{name}.downsample_norm", std("downsample", x, out, 1, stride), out)
    y = F.relu(gn(f"{name}.norm1", std("conv1", x, out // 4, 1), 32, 1e-6))
    y = F.relu(gn(f"{name}.norm2", std("conv2", y, out // 4, 3, stride), 32, 1e-6))
    return F.relu(residual + gn(f"{name}.norm3", std("conv3", y, out, 1), 32, 1e-6))


def transunet(x, width, units, layers, dim, hidden, heads, decoder, outputs):
    size = x.shape[2:]
    x = conv("resnet.root.conv", x, width, 7, 2, bias=False, standardize=True)
    x = F.relu(gn("resnet.root.norm", x, 32, 1e-6))
    skips = [x]
    x = F.max_pool2d(x, 3, 2)
    for s, n in enumerate(units):
        for i in range(n):
            x = bottleneck(f"resnet.stage{s + 1}.{i}", x, 4 * width * 2 ** s, 2 if s > 0 and i == 0 else 1)
        full = torch.zeros(*x.shape[:2], *(n // (4 * 2 ** s) for n in size), dtype=x.dtype)
        full[:, :, :x.shape[2], :x.shape[3]] = x
        skips.append(full)
    x = conv("embedding", x, dim, 1)
    grid = x.shape[2:]
    t = x.flatten(2).transpose(1, 2)
    t = t + W("position", 1, t.shape[1], dim)
    for i in range(layers):
        t = transformer_layer(f"transformer.{i}", t, hidden, lambda n, v: heads_attention(n, v, heads, True), 1e-6)
    x = ln("norm", t, 1e-6).transpose(1, 2).unflatten(2, grid)
    x = F.relu(bn("decoder.norm", conv("decoder.conv", x, decoder[0], 3, bias=False)))
    for i, (out, skip) in enumerate(zip(decoder[1:], [*skips[-2::-1], None])):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        x = x if skip is None else torch.cat([x, skip], 1)
        x = conv_bn_relu2(f"decoder.{i}", x, out, bias=False)
    return conv("head", x, outputs, 3)


def windows_of(x, w):
    b, h, v, c = x.shape
    return x.view(b, h // w, w, v // w, w, c).transpose(2, 3).reshape(-1, w * w, c)


def swin_attention(name, x, size, window, shifted, heads):
    (h, v), w, c = size, min(window, *size), x.shape[-1]
    shift = window // 2 if shifted and min(size) > window else 0
    table = W(f"{name}.relative_position_bias_table", (2 * w - 1) ** 2, heads)
    at = torch.stack(torch.meshgrid(torch.arange(w), torch.arange(w), indexing="ij")).flatten(1)
    offset = at[:, :, None] - at[:, None, :] + w - 1
    added = table[offset[0] * (2 * w - 1) + offset[1]].permute(2, 0, 1)[None]
    y = torch.roll(x.view(-1, h, v, c), (-shift, -shift), (1, 2))
    if shift:
        regions = torch.zeros(1, h, v, 1)
        for i, rows in enumerate((slice(0, -w), slice(-w, -shift), slice(-shift, None))):
            for j, columns in enumerate((slice(0, -w), slice(-w, -shift), slice(-shift, None))):
                regions[:, rows, columns] = 3 * i + j
        ids = windows_of(regions, w)[..., 0]
        mask = -100.0 * (ids[:, :, None] != ids[:, None, :]).double()
        added = added + mask.repeat(x.shape[0], 1, 1)[:, None]
    y = heads_attention(name, windows_of(y, w), heads, True, added)
    y = y.view(-1, h // w, v // w, w, w, c).transpose(2, 3).reshape(-1, h, v, c)
    return torch.roll(y, (shift, shift), (1, 2)).reshape(x.shape)


def swin_stage(name, x, size, depth, heads, window):
    for i in range(depth):
        def attend(n, v, shifted=i % 2 == 1):
            return swin_attention(n, v, size, window, shifted, heads)
        x = transformer_layer(f"{name}.{i}", x, 4 * x.shape[-1], attend)
    return x


def patch_expand(name, x, size, factor, out):
    y = linear(f"{name}.linear", x, out * factor ** 2, bias=False).view(-1, *size, factor, factor, out)
    y = y.permute(0, 1, 3, 2, 4, 5).reshape(x.shape[0], -1, out)
    return ln(f"{name}.norm", y), [factor * n for n in size]


def swin_unet(x, dim, depths, heads, window, outputs):
    full = x.shape[2:]
    x = conv("patch.conv", x, dim, 4, 4, padding=0)
    size = list(x.shape[2:])
    x, skips = ln("patch.norm", x.flatten(2).transpose(1, 2)), []
    for i, depth in enumerate(depths):
        if i > 0:
            y = x.view(x.shape[0], *size, -1)
            y = torch.cat([y[:, 0::2, 0::2], y[:, 1::2, 0::2], y[:, 0::2, 1::2], y[:, 1::2, 1::2]], -1)
            size = [n // 2 for n in size]
            x = linear(f"merge{i}.linear", ln(f"merge{i}.norm", y.flatten(1, 2)), 2 * x.shape[-1], bias=False)
        x = swin_stage(f"down{i + 1}", x, size, depth, heads[i], window)
        skips.append(x)
    x = ln("norm", x)
    for i in reversed(range(len(depths) - 1)):
        x, size = patch_expand(f"expand{i + 1}", x, size, 2, x.shape[-1] // 2)
        x = linear(f"join{i + 1}", torch.cat([x, skips[i]], -1), x.shape[-1])
        x = swin_stage(f"up{i + 1}", x, size, depths[i], heads[i], window)
    x, size = patch_expand("expand0", ln("norm_up", x), size, 4, dim)
    return conv("head", x.transpose(1, 2).unflatten(2, full), outputs, 1, bias=False)


# Three dimensions -------------------------------------------------------------------------------------------------

def unet3d(x, base, outputs):
    skips = []
    for level in range(4):
        x = F.max_pool3d(x, 2) if level else x
        for i, out in ((1, base * 2 ** level), (2, base * 2 ** (level + 1))):
            x = F.relu(bn(f"encoder{level + 1}.norm{i}", conv(f"encoder{level + 1}.conv{i}", x, out, 3)))
        skips.append(x)
    for level in (3, 2, 1):
        skip = skips[level - 1]
        x = torch.cat([skip, F.interpolate(x, skip.shape[2:], mode="trilinear", align_corners=False)], 1)
        for i in (1, 2) if level > 1 else (1,):
            x = F.relu(bn(f"decoder{level}.norm{i}", conv(f"decoder{level}.conv{i}", x, skip.shape[1], 3)))
    return conv("head", x, outputs, 1)


def vnet(x, base, down, up, outputs):
    def lu_convs(name, y, n):
        for i in range(1, n + 1):
            y = F.elu(bn(f"{name}.norm{i}", conv(f"{name}.conv{i}", y, y.shape[1], 5)))
        return y

    x = F.elu(bn("input.norm", conv("input.conv", x, base, 5)) + x.repeat(1, base // x.shape[1], 1, 1, 1))
    skips = []
    for i, n in enumerate(down, start=1):
        skips.append(x)
        shortcut = F.elu(bn(f"down{i}.norm", conv(f"down{i}.down", x, 2 * x.shape[1], 2, 2, padding=0)))
        x = F.elu(lu_convs(f"down{i}", shortcut, n) + shortcut)
    for i, n in enumerate(up, start=1):
        skip = skips.pop()
        y = F.elu(bn(f"up{i}.norm", up_conv(f"up{i}.up", x, skip.shape[1], 2, 2)))
        y = torch.cat([y, skip], 1)
        x = F.elu(lu_convs(f"up{i}", y, n) + y)
    return conv("output.conv2", F.elu(bn("output.norm", conv("output.conv1", x, 2, 5))), outputs, 1)


def attention_unet3d(x, base, outputs):
    levels = []
    for i in range(5):
        x = F.max_pool3d(x, (1, 2, 2)) if i else x
        x = conv_bn_relu2(f"encoder{i + 1}", x, base * 2 ** i, (1, 3, 3))
        levels.append(x)
    gate = F.relu(bn("gating.norm", conv("gating.conv", x, x.shape[1] // 2, 1)))
    for i in (4, 3, 2, 1):
        skip, out = levels[i - 1], levels[i - 1].shape[1]
        if i > 1:
            theta = conv(f"attention{i}.theta", skip, out, 2, 2, padding=0, bias=False)
            phi = F.interpolate(conv(f"attention{i}.phi", gate, out, 1), theta.shape[2:], mode="trilinear", align_corners=False)
            psi = torch.sigmoid(conv(f"attention{i}.psi", F.relu(theta + phi), 1, 1))
            psi = F.interpolate(psi, skip.shape[2:], mode="trilinear", align_corners=False)
            skip = bn(f"attention{i}.norm", conv(f"attention{i}.W", psi.expand_as(skip) * skip, out, 1))
        x = torch.cat([skip, up_conv(f"decoder{i}.up", x, out, (1, 4, 4), (1, 2, 2), (0, 1, 1))], 1)
        x = conv_bn_relu2(f"decoder{i}", x, out, (1, 3, 3))
    return conv("head", x, outputs, 1)


def residual_unet3d(x, base, levels, outputs):
    def block(name, y, out):
        def step(i, v):
            return conv(f"{name}.conv{i}", gn(f"{name}.norm{i}", v, 8 if v.shape[1] >= 8 else 1), out, 3, bias=False)
        residual = F.relu(step(1, y))
        return F.relu(residual + step(3, F.relu(step(2, residual))))

    skips = []
    for level in range(levels):
        x = F.max_pool3d(x, 2) if level else x
        x = block(f"encoder{level + 1}", x, base * 2 ** level)
        skips.append(x)
    for level in reversed(range(1, levels)):
        skip = skips[level - 1]
        x = block(f"decoder{level}", skip + up_conv(f"up{level}", x, skip.shape[1], 3, 2, 1, 1), skip.shape[1])
    return conv("head", x, outputs, 1)


def transbts3d(x, base, layers, dim, hidden, heads, outputs):
    x, skips = conv("init", x, base, 3), []
    for level, n in enumerate((1, 2, 2, 4), start=1):
        if level > 1:
            skips.append(x)
            x = conv(f"down{level - 1}", x, 2 * x.shape[1], 3, 2)
        for b in range(n):
            y = x
            for i in (1, 2):
                name = f"encoder{level}.{b}"
                y = conv(f"{name}.conv{i}", F.relu(gn(f"{name}.norm{i}", y, 8)), x.shape[1], 3)
            x = x + y
    width, grid = x.shape[1], x.shape[2:]
    t = conv("projection.conv", F.relu(bn("projection.norm", x)), dim, 3).flatten(2).transpose(1, 2)
    t = t + W("position", 1, t.shape[1], dim)
    for i in range(layers):
        t = transformer_layer(f"transformer.{i}", t, hidden, lambda n, v: heads_attention(n, v, heads, False))
    x = conv_bn_relu2("enblock1", t.transpose(1, 2).unflatten(2, grid), width)
    x = x + conv_bn_relu2("enblock2", x, width)
    for level in (3, 2, 1):
        skip = skips[level - 1]
        y = up_conv(f"up{level}.deconv", conv(f"up{level}.conv1", x, skip.shape[1], 1), skip.shape[1], 2, 2)
        x = conv(f"up{level}.conv3", torch.cat([skip, y], 1), skip.shape[1], 1)
        x = x + conv_bn_relu2(f"decoder{level}", x, skip.shape[1])
    return conv("head", x, outputs, 1)


FLAT, CUBE, SQUARE = (2, 2, 32, 64), (2, 2, 8, 16, 32), (4, 2, 64, 64)
NETWORKS = {
    "mobilenetv2": (SQUARE, lambda x: mobilenetv2(x, 0.25, 3)),
    "ghostnet": (SQUARE, lambda x: ghostnet(x, 0.25, 3)),
    "transunet": (FLAT, lambda x: transunet(x, 32, (1, 1, 1), 1, 32, 64, 2, (32, 16, 16, 8, 8), 3)),
    "swin-unet": (FLAT, lambda x: swin_unet(x, 16, (2, 2), (2, 4), 4, 3)),
    "unet3d": (CUBE, lambda x: unet3d(x, 4, 3)),
    "vnet": (CUBE, lambda x: vnet(x, 4, (1, 1), (1, 1), 3)),
    "attention-unet3d": (CUBE, lambda x: attention_unet3d(x, 8, 3)),
    "residual-unet3d": (CUBE, lambda x: residual_unet3d(x, 8, 3, 3)),
    "transbts3d": (CUBE, lambda x: transbts3d(x, 8, 1, 32, 64, 4, 3)),
}


def make():
    global W
    reference = {"made": f"make_zoo.py, PyTorch {torch.__version__}, float64"}
    for name, (shape, network) in NETWORKS.items():
        W = Weights()
        network(image(shape))
        W.fill()
        logits = network(image(shape))
        show = all_logits if logits.dim() == 2 else probabilities
        parameters = sum(value.numel() for value in W.values.values())
        reference[name] = {"input": list(shape), "parameters": parameters, "output": show(logits)}
    return reference


if __name__ == "__main__":
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in make().items())
    pathlib.Path(__file__).with_name("zoo.json").write_text("{\n" + rows + "\n}\n")
