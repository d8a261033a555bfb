"""Med-DANet's networks in plain PyTorch 1.13, written from the paper's description alone.

Independent of the TypeScript networks: the source of the reference numbers in networks.json (make_networks.py) and the peer of
the speed figures (bench/torch_step.py). Tensors are [batch, channel, row, column]; outputs are logits.
"""

import torch
from torch import nn
from torch.nn import functional as F

ENCODER_BLOCKS = (1, 2, 2, 4)


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


class PreBlock(nn.Module):
    """Pre-activation residual block: x + conv(relu(norm(conv(relu(norm(x))))))."""

    def __init__(self, width):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.conv1 = conv3(width, width)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = conv3(width, width)

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(y)))


class PostBlock(nn.Module):
    """Two of (conv, norm, relu); adds the input after the last relu when `residual`."""

    def __init__(self, inputs, outputs, residual):
        super().__init__()
        self.conv1 = conv3(inputs, outputs)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv3(outputs, outputs)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.residual = residual

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        return x + y if self.residual else y


class Up(nn.Module):
    """From width 2c to c: 1x1 conv, 2x2 stride-2 transposed conv, concat [skip, upsampled], 1x1 conv; nothing in between."""

    def __init__(self, inputs):
        super().__init__()
        outputs = inputs // 2
        self.conv1 = nn.Conv2d(inputs, outputs, 1)
        self.deconv = nn.ConvTranspose2d(outputs, outputs, 2, stride=2)
        self.conv3 = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, skip):
        return self.conv3(torch.cat([skip, self.deconv(self.conv1(x))], dim=1))


class Encoded(nn.Module):
    """The encoder both families share; a subclass adds what lies between its bottom and the head."""

    def __init__(self, base, in_channels, stem_dropout):
        super().__init__()
        self.init = conv3(in_channels, base)
        self.stem_dropout = nn.Dropout2d(stem_dropout)
        for level, count in enumerate(ENCODER_BLOCKS, start=1):
            width = base * 2 ** (level - 1)
            setattr(self, f"encoder{level}", nn.Sequential(*(PreBlock(width) for _ in range(count))))
            if level < len(ENCODER_BLOCKS):
                setattr(self, f"down{level}", conv3(width, 2 * width, stride=2))

    def encode(self, x):
        skip1 = self.encoder1(self.stem_dropout(self.init(x)))
        skip2 = self.encoder2(self.down1(skip1))
        skip3 = self.encoder3(self.down2(skip2))
        return self.encoder4(self.down3(skip3)), (skip1, skip2, skip3)

    def decode(self, x, skips):
        x = self.decoder3(self.up3(x, skips[2]))
        x = self.decoder2(self.up2(x, skips[1]))
        x = self.decoder1(self.up1(x, skips[0]))
        return self.head(x)


class UNet2d(Encoded):
    """M1 (base 12) and M2 (base 16)."""

    def __init__(self, base, in_channels=4, classes=4, stem_dropout=0.2):
        super().__init__(base, in_channels, stem_dropout)
        for level in (3, 2, 1):
            width = base * 2 ** (level - 1)
            setattr(self, f"up{level}", Up(2 * width))
            setattr(self, f"decoder{level}", PreBlock(width))
        self.head = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        return self.decode(*self.encode(x))


class Attention(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        batch, tokens, dim = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        scores = query @ key.transpose(-2, -1) * (dim // self.heads) ** -0.5
        weights = self.dropout(scores.softmax(dim=-1))
        return self.dropout(self.proj((weights @ value).transpose(1, 2).reshape(batch, tokens, dim)))


class Mlp(nn.Module):
    def __init__(self, dim, hidden, dropout):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.dropout(self.fc2(self.dropout(F.gelu(self.fc1(x)))))


class TransformerLayer(nn.Module):
    """Pre-norm; the attention branch is dropped out once more than its projection."""

    def __init__(self, dim, hidden, heads, dropout):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads, dropout)
        self.dropout = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, hidden, dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.mlp(self.norm2(x))


class Projection(nn.Module):
    def __init__(self, inputs, dim):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = conv3(inputs, dim)

    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))


class TransBTS2d(Encoded):
    """M3 (1 layer) and M4 (4 layers). `size`: side of the square input, which fixes the number of tokens (size/8)^2."""

    def __init__(self, layers, size=128, in_channels=4, classes=4, base=16, dim=512, hidden=2048, heads=8,
                 stem_dropout=0.2, dropout=0.1):
        super().__init__(base, in_channels, stem_dropout)
        self.projection = Projection(8 * base, dim)
        self.position = nn.Parameter(torch.zeros(1, (size // 8) ** 2, dim))
        self.position_dropout = nn.Dropout(dropout)
        self.transformer = nn.Sequential(*(TransformerLayer(dim, hidden, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim)
        self.enblock1 = PostBlock(dim, 8 * base, residual=False)
        self.enblock2 = PostBlock(8 * base, 8 * base, residual=True)
        for level in (3, 2, 1):
            width = base * 2 ** (level - 1)
            setattr(self, f"up{level}", Up(2 * width))
            setattr(self, f"decoder{level}", PostBlock(width, width, residual=True))
        self.head = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        x, skips = self.encode(x)
        x = self.projection(x)
        rows, columns = x.shape[2:]
        tokens = x.flatten(2).transpose(1, 2)
        tokens = self.norm(self.transformer(self.position_dropout(tokens + self.position)))
        x = tokens.transpose(1, 2).unflatten(2, (rows, columns))
        return self.decode(self.enblock2(self.enblock1(x)), skips)


def pointwise(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 1, bias=False)


def depthwise(width, stride):
    return nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=width, bias=False)


class ShuffleLeft(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.depthwise = depthwise(width, 2)
        self.norm1 = nn.BatchNorm2d(width)
        self.pointwise = pointwise(width, width)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.norm2(self.pointwise(self.norm1(self.depthwise(x)))))


class ShuffleBranch(nn.Module):
    def __init__(self, inputs, outputs, middle, stride):
        super().__init__()
        self.pointwise1 = pointwise(inputs, middle)
        self.norm1 = nn.BatchNorm2d(middle)
        self.depthwise = depthwise(middle, stride)
        self.norm2 = nn.BatchNorm2d(middle)
        self.pointwise2 = pointwise(middle, outputs)
        self.norm3 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.depthwise(F.relu(self.norm1(self.pointwise1(x)))))
        return F.relu(self.norm3(self.pointwise2(y)))


class ShuffleDown(nn.Module):
    """First block of a stage: both branches read all channels at stride 2."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.left = ShuffleLeft(inputs)
        self.right = ShuffleBranch(inputs, outputs - inputs, outputs // 2, stride=2)

    def forward(self, x):
        return torch.cat([self.left(x), self.right(x)], dim=1)


class ShuffleUnit(nn.Module):
    """Even channels pass, odd channels are processed: the parity split is the channel shuffle."""

    def __init__(self, width):
        super().__init__()
        self.branch = ShuffleBranch(width // 2, width // 2, width // 2, stride=1)

    def forward(self, x):
        return torch.cat([x[:, 0::2], self.branch(x[:, 1::2])], dim=1)


class ConvNorm(nn.Module):
    def __init__(self, conv, width):
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class ShuffleNetV2(nn.Module):
    """ShuffleNetV2-M: no bias anywhere; the pool's kernel and stride are floor(size / 32), so a last row and column can go unread."""

    def __init__(self, in_channels=4, classes=5, widths=(12, 24, 48, 96, 256), blocks=(4, 8, 4)):
        super().__init__()
        self.stem = ConvNorm(nn.Conv2d(in_channels, widths[0], 3, stride=2, padding=1, bias=False), widths[0])
        for index, count in enumerate(blocks):
            units = (ShuffleUnit(widths[index + 1]) for _ in range(count - 1))
            setattr(self, f"stage{index + 2}", nn.Sequential(ShuffleDown(widths[index], widths[index + 1]), *units))
        self.last = ConvNorm(pointwise(widths[3], widths[4]), widths[4])
        self.classifier = nn.Linear(widths[4], classes, bias=False)

    def forward(self, x):
        kernel = x.shape[-1] // 32
        y = F.max_pool2d(self.stem(x), 3, stride=2, padding=1)
        y = self.last(self.stage4(self.stage3(self.stage2(y))))
        return self.classifier(F.avg_pool2d(y, kernel, stride=kernel).flatten(1))


def dice_loss(logits, labels):
    """Softmax Dice loss: foreground classes c added up, each 1 - 2 sum(p_c t_c) / (sum(p_c) + sum(t_c) + 1e-5) over the batch."""
    probabilities = logits.softmax(dim=1)
    loss = 0.0
    for c in range(1, logits.shape[1]):
        p = probabilities[:, c]
        t = (labels == c).to(p.dtype)
        loss = loss + 1 - 2 * (p * t).sum() / (p.sum() + t.sum() + 1e-5)
    return loss


BANK = {
    "M1": lambda: UNet2d(12),
    "M2": lambda: UNet2d(16),
    "M3": lambda: TransBTS2d(1),
    "M4": lambda: TransBTS2d(4),
}
