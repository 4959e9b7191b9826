"""Models with two to four independent mistakes each: all are found in one pass.

`SEVERAL` is what `tests/test_diagnosis.py` runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class Several:
    """A model, what is fed, and its mistakes: the kind and the layer of each.

    A mistake with several sites stands once, with any layer of them; `sites` counts all.
    """

    name: str
    broken: Callable[[], nn.Module]
    inputs: tuple[str, ...]
    mistakes: tuple[tuple[str, str], ...]
    sites: int | None = None


class LeNet(nn.Module):
    """Made for 28x28 with padding, fed 32x32; a copied line; a classifier of another width."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(3, 16, 5)  # conv1 makes 6
        self.fc1 = nn.Linear(16 * 4 * 4, 120)  # 5x5 are left
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(64, 10)  # fc2 makes 84

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Block(nn.Module):
    """A residual block, its shortcut as it is told."""

    def __init__(self, inside: int, out: int, stride: int, shortcut: nn.Module) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.shortcut = shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """A norm of another width, a shortcut without its stride, a head for another width."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(32)  # the stem makes 16
        self.layer1 = Block(16, 16, 1, nn.Identity())
        self.layer2 = Block(16, 32, 2, nn.Conv2d(16, 32, 1))  # without the stride
        self.layer3 = Block(32, 64, 2, nn.Conv2d(32, 64, 1, stride=2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, 10)  # layer3 makes 64

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn(self.stem(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(self.pool(x).flatten(1))


def twice(inside: int, out: int) -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(
        nn.Conv2d(inside, out, 3, padding=1), nn.ReLU(),
        nn.Conv2d(out, out, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


class UNet(nn.Module):
    """A decoder that forgets its skip, an up-sampling of another width, a head of another."""

    def __init__(self) -> None:
        super().__init__()
        self.enc1, self.enc2, self.enc3 = twice(3, 16), twice(16, 32), twice(32, 64)
        self.up2 = nn.ConvTranspose2d(32, 32, 2, stride=2)  # enc3 makes 64
        self.dec2 = twice(32, 32)  # the skip brings 32 more
        self.up1 = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.dec1 = twice(32, 16)
        self.head = nn.Conv2d(32, 2, 1)  # dec1 makes 16

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.enc1(x)
        two = self.enc2(F.max_pool2d(one, 2))
        three = self.enc3(F.max_pool2d(two, 2))
        y = self.dec2(torch.cat([self.up2(three), two], dim=1))
        y = self.dec1(torch.cat([self.up1(y), one], dim=1))
        return self.head(y)


class Transformer(nn.Module):
    """Too few positions, a norm of another width, a head of another width."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 64)
        self.positions = nn.Parameter(torch.zeros(1, 32, 64))  # 48 come
        self.encoder = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
        self.norm = nn.LayerNorm(128)  # the encoder makes 64
        self.head = nn.Linear(32, 5)  # 64, too

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens) + self.positions
        return self.head(self.norm(self.encoder(x)).mean(dim=1))


class Sentiment(nn.Module):
    """An LSTM for another embedding, and a head that forgets the second direction."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 50)
        self.lstm = nn.LSTM(64, 32, batch_first=True, bidirectional=True)  # 50 come
        self.fc = nn.Linear(32, 2)  # two directions make 64

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        out, _ = self.lstm(self.embed(tokens))
        return self.fc(out[:, -1])


class AutoEncoder(nn.Module):
    """A bottleneck for another image, a decoder that starts with other channels, and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.squeeze = nn.Linear(32 * 8 * 8, 20)  # 7x7 are left
        self.widen = nn.Linear(20, 32 * 7 * 7)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(64, 16, 2, stride=2),  # 32 come
            nn.BatchNorm2d(32),  # and 16 go
            nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 2, stride=2),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        code = self.squeeze(self.encoder(x).flatten(1))
        return self.decoder(self.widen(code).view(-1, 32, 7, 7))


class Inception(nn.Module):
    """A branch that shrinks the map, another with other channels, and a head that counts two."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 1)
        self.three = nn.Conv2d(3, 16, 3)  # without padding
        self.five = nn.Conv2d(1, 8, 5, padding=2)  # the image has 3 channels
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(24, 10)  # 8 + 16 + 8

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.cat([self.one(x), self.three(x), self.five(x)], dim=1)
        return self.fc(self.pool(y).flatten(1))


class DenseNet(nn.Module):
    """A layer that forgets what went before, a norm that forgets it, too, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.grow1 = nn.Conv2d(16, 12, 3, padding=1)
        self.grow2 = nn.Conv2d(12, 12, 3, padding=1)  # 16 + 12
        self.norm = nn.BatchNorm2d(28)  # 16 + 12 + 12
        self.squeeze = nn.Conv2d(40, 20, 1)
        self.fc = nn.Linear(40, 10)  # squeezed to 20

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = torch.cat([x, self.grow1(x)], dim=1)
        x = torch.cat([x, self.grow2(x)], dim=1)
        x = self.squeeze(F.relu(self.norm(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class TwoInputs(nn.Module):
    """A picture and a table of numbers: the table is wider, and the join forgets it."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.read = nn.Sequential(nn.Linear(8, 32), nn.ReLU())  # 10 come
        self.join = nn.Linear(16, 32)  # 16 + 32
        self.out = nn.Linear(32, 1)

    def forward(self, image: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        return self.out(F.relu(self.join(torch.cat([self.see(image), self.read(table)], dim=1))))


class Speech(nn.Module):
    """Convolutions over time and a GRU: other channels, another width, one layer's head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(80, 128, 3, padding=1)  # 64 bands come
        self.conv2 = nn.Conv1d(128, 128, 3, stride=2, padding=1)
        self.gru = nn.GRU(256, 96, batch_first=True)  # 128 come
        self.fc = nn.Linear(128, 30)  # 96 come

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(sound))))
        out, _ = self.gru(x.transpose(1, 2))
        return self.fc(out)


class Video(nn.Module):
    """Convolutions in three dimensions: channels, a norm in two dimensions, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 8, 3, padding=1)  # colour has 3
        self.norm1 = nn.BatchNorm2d(8)  # of a video
        self.conv2 = nn.Conv3d(8, 16, 3, stride=2, padding=1)
        self.fc = nn.Linear(8, 4)  # 16 come

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm1(self.conv1(x)))
        return self.fc(self.conv2(x).mean(dim=(2, 3, 4)))


class Narrowed(nn.Module):
    """One width that was changed in one place breaks three layers; a head breaks by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, padding=1)  # it was 32
        self.left = nn.Conv2d(32, 8, 1)
        self.middle = nn.Conv2d(32, 8, 3, padding=1)
        self.right = nn.Conv2d(32, 8, 5, padding=2)
        self.fc = nn.Linear(16, 10)  # 8 + 8 + 8

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem(x))
        x = torch.cat([self.left(x), self.middle(x), self.right(x)], dim=1)
        return self.fc(x.mean(dim=(2, 3)))


SEVERAL = [
    Several(
        name="CNN",
        broken=LeNet,
        inputs=("N,1,32,32",),
        mistakes=(
            ("input_channels", "conv2"),
            ("linear_in_features", "fc1"),
            ("linear_in_features", "fc3"),
        ),
    ),
    Several(
        name="ResNet",
        broken=ResNet,
        inputs=("N,3,32,32",),
        mistakes=(
            ("norm_num_features", "bn"),
            ("residual_spatial", "layer2.add"),
            ("linear_in_features", "fc"),
        ),
    ),
    Several(
        name="U-Net",
        broken=UNet,
        inputs=("N,3,64,64",),
        mistakes=(
            ("input_channels", "up2"),
            ("cat_channels", "dec2.0"),
            ("input_channels", "head"),
        ),
    ),
    Several(
        name="transformer",
        broken=Transformer,
        inputs=("N,48:int64",),
        mistakes=(
            ("pos_embed_length", "add"),
            ("norm_num_features", "norm"),
            ("linear_in_features", "head"),
        ),
    ),
    Several(
        name="LSTM classifier",
        broken=Sentiment,
        inputs=("N,20:int64",),
        mistakes=(("rnn_input_size", "lstm"), ("rnn_directions", "fc")),
    ),
    Several(
        name="autoencoder",
        broken=AutoEncoder,
        inputs=("N,1,28,28",),
        mistakes=(
            ("linear_in_features", "squeeze"),
            ("input_channels", "decoder.0"),
            ("norm_num_features", "decoder.1"),
        ),
    ),
    Several(
        name="Inception",
        broken=Inception,
        inputs=("N,3,32,32",),
        mistakes=(
            ("cat_spatial", "cat"),
            ("input_channels", "five"),
            ("cat_channels", "fc"),
        ),
    ),
    Several(
        name="DenseNet",
        broken=DenseNet,
        inputs=("N,3,32,32",),
        mistakes=(
            ("cat_channels", "grow2"),
            ("cat_channels", "norm"),
            ("linear_in_features", "fc"),
        ),
    ),
    Several(
        name="two inputs",
        broken=TwoInputs,
        inputs=("N,3,32,32", "N,10"),
        mistakes=(("linear_in_features", "read.0"), ("cat_channels", "join")),
    ),
    Several(
        name="speech",
        broken=Speech,
        inputs=("N,64,100",),
        mistakes=(
            ("input_channels", "conv1"),
            ("rnn_input_size", "gru"),
            ("linear_in_features", "fc"),
        ),
    ),
    Several(
        name="video",
        broken=Video,
        inputs=("N,3,8,32,32",),
        mistakes=(
            ("input_channels", "conv1"),
            ("norm_rank", "norm1"),
            ("linear_in_features", "fc"),
        ),
    ),
    Several(
        name="one width, three layers",
        broken=Narrowed,
        inputs=("N,3,32,32",),
        mistakes=(("input_channels", "left"), ("cat_channels", "fc")),
        sites=4,
    ),
]
