"""Makes foreign.onnx with PyTorch 1.13: a U-Net of another exporter, for 16x16 windows of four channels, four classes."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.pool = nn.MaxPool2d(2)
        self.low = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1, dilation=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        skip = self.down(x)
        return self.head(torch.cat([skip, self.up(self.low(self.pool(skip)))], dim=1))


torch.manual_seed(0)
net = Net().eval()
torch.onnx.export(
    net,
    torch.zeros(1, 4, 16, 16),
    "test/reference/foreign.onnx",
    opset_version=13,
    input_names=["input"],
    output_names=["output"],
    dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
)
ramp = torch.arange(4 * 16 * 16, dtype=torch.float32).reshape(1, 4, 16, 16) / 512 - 1
y = net(ramp)
print("macs", 16 * 16 * (4 * 4 * 9) + 8 * 8 * (4 * 8 * 9) + 8 * 8 * (8 * 4 * 4) + 16 * 16 * (8 * 4))
print("parameters", sum(p.numel() for p in net.parameters()))
print("logits at (0, :, 5, 7)", y[0, :, 5, 7].tolist())
