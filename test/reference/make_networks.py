"""Writes networks.json: outputs, gradients and two Adam steps of the networks of torch_networks.py, in float64.

Run with a Python that has PyTorch (made with 1.13.0): python3 test/reference/make_networks.py

No weights are stored: parameter j of the names in string order (j from 0; batch-norm statistics are not parameters), element k
in row-major order, is made from u(j, k) = frac(sin(78.233 j + 12.9898 k) * 43758.5453) - 0.5, frac(v) = v - floor(v):
    weight of two or more dimensions   2 u / sqrt(fan_in), fan_in = product of the dimensions after the first (all kinds of conv)
    weight of one dimension (norms)    1 + 0.2 u
    everything else                    0.2 u
Image element k is sin(0.37 k) + 0.5 cos(0.011 k), label k is (7 k + floor(k / 13)) mod 4, choice target k is k mod 5.
No dropout; batch norm normalises by batch statistics except in what is called evaluation, which comes after the Adam steps.
Outputs are probabilities of the segmentation networks (the first 8 values and every 257th, row-major) and all logits of the
decision network, also of one 80x80 batch). Gradients are [L2 norm, first value, second value]; those below 1e-12 are zero by
mathematics (a bias that the next batch statistics remove) and written as 0. Losses are those before the first and before the
second Adam step; running statistics (first 4 channels; PyTorch's running variance is the unbiased one) are after one forward
pass; norms are after both steps.

How far the same script in float32 is from these numbers, as a guide to tolerances: segmentation networks: outputs 8e-7, a
gradient 4e-6 of its norm; decision network: outputs 3e-5, a gradient 3e-5 of its norm, second loss 8e-5; zero gradients 3e-7.
"""

import json
import math
import pathlib
import re

import numpy as np
import torch
from torch import nn

from torch_networks import BANK, ShuffleNetV2, TransBTS2d, UNet2d, dice_loss

CHOICE_WEIGHTS = [0.5, 1.0, 1.0, 1.5, 2.0]
ADAM = {"lr": 1e-3, "weight_decay": 1e-5, "amsgrad": True}
# Parameters and true multiply-adds of one input of that side.
TOTALS = [
    ("M1", BANK["M1"], 128, 907_540, 574_095_360),
    ("M1", BANK["M1"], 240, 907_540, 2_018_304_000),
    ("M2", BANK["M2"], 128, 1_611_332, 1_017_118_720),
    ("M2", BANK["M2"], 240, 1_611_332, 3_575_808_000),
    ("M3", BANK["M3"], 128, 6_518_596, 2_304_770_048),
    ("M3", lambda: TransBTS2d(1, size=240), 240, 6_848_324, 8_696_217_600),
    ("M4", BANK["M4"], 128, 15_971_140, 4_922_015_744),
    ("M4", lambda: TransBTS2d(4, size=240), 240, 16_300_868, 19_678_003_200),
    ("ShuffleNetV2-M", ShuffleNetV2, 128, 66_220, 4_083_200),
    ("ShuffleNetV2-M", ShuffleNetV2, 240, 66_220, 14_701_832),
]


def pseudo_random(j, size):
    v = np.sin(j * 78.233 + np.arange(size, dtype=np.float64) * 12.9898) * 43758.5453
    return v - np.floor(v) - 0.5


def fill(model):
    with torch.no_grad():
        for j, (name, parameter) in enumerate(sorted(model.named_parameters())):
            u = torch.from_numpy(pseudo_random(j, parameter.numel())).reshape(parameter.shape)
            if name.endswith(".weight") and parameter.dim() > 1:
                u = u * 2 / math.sqrt(math.prod(parameter.shape[1:]))
            else:
                u = 0.2 * u + (1 if name.endswith(".weight") else 0)
            parameter.copy_(u)


def image(shape):
    k = np.arange(math.prod(shape), dtype=np.float64)
    return torch.from_numpy(np.sin(0.37 * k) + 0.5 * np.cos(0.011 * k)).reshape(shape)


def labels(shape):
    k = np.arange(math.prod(shape))
    return torch.from_numpy((7 * k + k // 13) % 4).reshape(shape)


def multiply_adds(model, side):
    """Counts convolutions, linear layers and the attention's two products by watching one forward pass."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        if isinstance(module, nn.ConvTranspose2d):
            total += inputs[0][0].numel() * math.prod(module.weight.shape[1:])
        elif isinstance(module, nn.Conv2d):
            total += output[0].numel() * math.prod(module.weight.shape[1:])
        elif isinstance(module, nn.Linear):
            total += output[0].numel() * module.in_features
            tokens = output.shape[1]
            total += 2 * tokens * tokens * module.in_features if module.out_features == 3 * module.in_features else 0

    for module in model.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        model.eval()(torch.zeros(1, 4, side, side))
    return total


def check_totals():
    for name, build, side, parameters, macs in TOTALS:
        model = build()
        found = sum(p.numel() for p in model.parameters()), multiply_adds(model, side)
        assert found == (parameters, macs), f"{name} at {side}: {found}, expected {(parameters, macs)}"


def digits(values):
    return [float(f"{float(v):.7g}") for v in values]


def probabilities(logits):
    flat = logits.detach().softmax(dim=1).flatten()
    return {"first": digits(flat[:8]), "every257th": digits(flat[::257])}


def all_logits(logits):
    return digits(logits.detach().flatten())


def gradient(parameter):
    return [v if abs(v) > 1e-12 else 0.0 for v in digits([parameter.grad.norm(), *parameter.grad.flatten()[:2]])]


def record(model, options, x, task, dtype):
    """One network's reference. `task`: the loss of logits, what to show of them, batch norms and parameters to record."""
    fill(model.to(dtype))
    x = x.to(dtype)
    measure, show = task["loss"], task["show"]
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    parameters = dict(sorted(model.named_parameters()))
    losses = []
    result = {"options": options, "input": list(x.shape)}
    for step in range(2):
        logits = model.train()(x)
        loss = measure(logits)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            result["loss"] = digits([loss])[0]
            result["output"] = show(logits)
            result["gradients"] = {n: gradient(p) for n, p in parameters.items()}
            result["running"] = {n: {"mean": digits(model.get_submodule(n).running_mean[:4]),
                                     "var": digits(model.get_submodule(n).running_var[:4])} for n in task["norms"]}
        optimizer.step()
    result["losses"] = digits(losses)
    result["norms"] = {n: digits([parameters[n].norm()])[0] for n in task["parameters"]}
    with torch.no_grad():
        logits = model.eval()(x)
    result["evaluation"] = {"loss": digits([measure(logits)])[0], "output": show(logits)}
    return result


def unet2d(dtype):
    target = labels((2, 32, 32))
    task = {"loss": lambda y: dice_loss(y, target), "show": probabilities,
            "norms": ["encoder1.0.norm1", "encoder4.3.norm2", "decoder1.norm2"],
            "parameters": ["decoder1.norm1.bias", "encoder1.0.conv1.weight", "encoder4.0.norm1.weight", "head.weight",
                           "init.bias", "up2.deconv.weight"]}
    options = {"base": 4, "inChannels": 4, "classes": 4}
    return record(UNet2d(4, stem_dropout=0), options, image((2, 4, 32, 32)), task, dtype)


def transbts2d(dtype):
    target = labels((2, 32, 32))
    task = {"loss": lambda y: dice_loss(y, target), "show": probabilities,
            "norms": ["encoder1.0.norm1", "projection.norm", "enblock1.norm1", "decoder1.norm2"],
            "parameters": ["enblock2.conv1.weight", "head.bias", "norm.weight", "position", "projection.conv.weight",
                           "transformer.0.attention.qkv.weight", "transformer.1.mlp.fc1.weight", "transformer.1.norm2.bias"]}
    dims = {"layers": 2, "size": 32, "base": 16, "dim": 64, "hidden": 128, "heads": 4}
    model = TransBTS2d(**dims, stem_dropout=0, dropout=0)
    return record(model, {**dims, "inChannels": 4, "classes": 4}, image((2, 4, 32, 32)), task, dtype)


def shufflenetv2(dtype):
    loss = nn.CrossEntropyLoss(weight=torch.tensor(CHOICE_WEIGHTS, dtype=dtype))
    target = torch.arange(6) % 5
    task = {"loss": lambda y: loss(y, target), "show": all_logits,
            "norms": ["stem.norm", "stage3.4.branch.norm2", "last.norm"],
            "parameters": ["classifier.weight", "last.conv.weight", "stage2.0.left.depthwise.weight",
                           "stage4.0.right.pointwise2.weight", "stage4.3.branch.norm3.weight", "stem.conv.weight"]}
    options = {"inChannels": 4, "classes": 5, "classWeights": CHOICE_WEIGHTS}
    result = record(ShuffleNetV2(), options, image((6, 4, 64, 64)), task, dtype)
    return {**result, "unread": unread(dtype)}


def unread(dtype):
    """Logits at 80x80 with batch statistics: the last map is 3x3, the pool's kernel 2, so its last row and column go unread."""
    model = ShuffleNetV2().to(dtype)
    fill(model)
    return {"input": [2, 4, 80, 80], "output": all_logits(model(image((2, 4, 80, 80)).to(dtype)))}


def adam(dtype):
    """Three scalars under given gradients; in the second the first gradient is the greatest, so that AMSGrad differs from Adam."""
    gradients = [[1.0, 10.0, 0.0], [-0.5, 0.01, 0.0], [0.25, -0.02, 1e-3], [2.0, 0.03, -1e-3]]
    parameter = nn.Parameter(torch.tensor([0.5, -0.3, 0.0], dtype=dtype))
    optimizer = torch.optim.Adam([parameter], **{**ADAM, "lr": 0.1, "weight_decay": 0.01})
    values = []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=dtype)
        optimizer.step()
        values.append(digits(parameter))
    return {"lr": 0.1, "weightDecay": 0.01, "start": [0.5, -0.3, 0.0], "gradients": gradients, "parameters": values}


def make(dtype):
    return {"made": f"make_networks.py, PyTorch {torch.__version__}, float64", "unet2d": unet2d(dtype),
            "transbts2d": transbts2d(dtype), "shufflenetv2": shufflenetv2(dtype), "adam": adam(dtype)}


def write(reference):
    """Indented, but every list on one line."""
    text = re.sub(r"\[[^\]\[]*\]", lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"),
                  json.dumps(reference, indent=1))
    pathlib.Path(__file__).with_name("networks.json").write_text(text + "\n")


if __name__ == "__main__":
    check_totals()
    write(make(torch.float64))
