"""Models that accept some sizes of their input and refuse others, and sizes to try them at."""

from __future__ import annotations

import importlib.util
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests import size_functions

IMAGE = {"N": 2, "H": 224, "W": 256}
SMALL = tuple(range(1, 81))
# around powers of two, multiples of 7 and 32, and the sizes that people build models for
EDGES = (
    95, 96, 97, 111, 112, 113, 127, 128, 129, 159, 160, 161, 191, 192, 193, 199, 200, 223, 224, 225,
    239, 240, 255, 256, 257, 287, 288, 289, 298, 299, 300, 319, 320, 321, 383, 384, 385, 447, 448, 449,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SizeModel:
    """A model, the patterns of its inputs, and sizes near which it changes its mind.

    `usual` are sizes that it accepts: the others are tried beside them. `near` adds sizes of one
    symbol to those that are tried for every model. A `light` model runs with real values at
    every size, the others on the meta device. `gap` says why a prediction is known to be wrong.
    """

    name: str
    build: Callable[[], nn.Module]
    patterns: tuple[str, ...] = ("N,3,H,W",)
    usual: Mapping[str, int] = field(default_factory=lambda: IMAGE)
    near: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    train: bool = False
    light: bool = True
    gap: str = ""

    def __str__(self) -> str:
        return f"{self.name} in training" if self.train else self.name

    def made(self) -> nn.Module:
        """Build the model, with random weights where it is light, else without any."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.build().train(self.train)

    def sizes(self) -> list[dict[str, int]]:
        """Return at least 200 sizes, in no order: small ones on each axis, edges, and a mixture."""
        chance = random.Random(self.name)
        first, *others = (name for name in self.usual if name != "N")
        near = self.near.get(first, ())
        found: list[dict[str, int]] = [{first: size} for size in (*SMALL, *EDGES, *near)]
        for name in others:
            found += [
                {name: size} for size in (*SMALL[::3], *EDGES[1::2], *self.near.get(name, ()))
            ]
        if others:
            alike = (*SMALL[1::2], *EDGES[::4], *near)
            found += [dict.fromkeys((first, *others), size) for size in alike]
            pool = (*SMALL, *EDGES, *near)
            found += [{name: chance.choice(pool) for name in (first, *others)} for _ in range(40)]
        chance.shuffle(found)
        tried = [{**self.usual, **sizes} for sizes in ({}, *found)]
        if "N" in self.usual:
            tried += [{**sizes, "N": 1} for sizes in tried[: max(40, 205 - len(tried))]]
        return list({tuple(sizes.values()): sizes for sizes in tried}.values())


# ---------------------------------------------------------------------------- torchvision


def of_factory(name: str, device: str) -> nn.Module:
    """Return a model of torchvision; without values where its constructor allows that."""
    from tests import torchvision_models

    factory = getattr(torchvision_models, name)
    # a backbone brings its trained weights along unless it is told not to
    options = (
        {"weights_backbone": None} if "weights_backbone" in signature(factory).parameters else {}
    )
    try:
        with torch.device(device):
            return factory(**options).to(device)
    except RuntimeError:  # the constructor of regnet asks a tensor for its value
        with torch.no_grad():
            return factory(**options).to(device)


TRAINED = ("googlenet", "inception_v3", "resnet18", "densenet121", "mobilenet_v3_small", "deeplabv3_resnet50", "lraspp_mobilenet_v3_large", "squeezenet1_1")  # fmt: skip


def of_torchvision() -> Iterator[SizeModel]:
    """Yield every classification and segmentation model, some of them in training mode, too."""
    if importlib.util.find_spec("torchvision") is None:
        return
    from tests import torchvision_models

    for name in torchvision_models.factories():
        for train in (False, True) if name in TRAINED else (False,):
            usual = IMAGE
            if name.startswith(("vit", "maxvit")):
                usual = {"N": 2, "H": 224, "W": 224}
            elif name == "inception_v3":
                usual = {"N": 2, "H": 299, "W": 320}
            near = (
                73,
                74,
                75,
                76,
                77,
                89,
                90,
                91,
                217,
                218,
                219,
                220,
                221,
                222,
                223,
                226,
                227,
                228,
            )
            yield SizeModel(
                name=name,
                build=lambda name=name: of_factory(name, "meta"),
                usual=usual,
                near={"H": near, "W": near},
                train=train,
                light=False,
            )


# ---------------------------------------------------------------------------- U-Nets


class Subpixel(nn.Sequential):
    """Four times the channels, and twice the height and width in their place."""

    def __init__(self, channels: int) -> None:
        super().__init__(nn.Conv2d(channels, 4 * channels, 1), nn.PixelShuffle(2))


UPS: dict[str, Callable[[int], nn.Module | None]] = {
    "transposed 2": lambda c: nn.ConvTranspose2d(c, c, 2, stride=2),
    "transposed 3": lambda c: nn.ConvTranspose2d(c, c, 3, stride=2, padding=1, output_padding=1),
    "transposed 4": lambda c: nn.ConvTranspose2d(c, c, 4, stride=2, padding=1),
    "nearest": lambda c: nn.Upsample(scale_factor=2),
    "bilinear": lambda c: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "to the skip's size": lambda c: None,
    "subpixel": Subpixel,
}
DOWNS: dict[str, Callable[[int], nn.Module]] = {
    "pool": lambda c: nn.MaxPool2d(2),
    "ceiling": lambda c: nn.MaxPool2d(2, ceil_mode=True),
    "stride": lambda c: nn.Conv2d(c, c, 3, stride=2, padding=1),
    "average": lambda c: nn.AvgPool2d(3, 2, 1),
}


class UNet(nn.Module):
    """`levels` halvings, and as many doublings that meet what was kept on the way down."""

    def __init__(
        self, up: str, levels: int, *, down: str = "pool", join: str = "cat", padding: int = 1
    ) -> None:
        super().__init__()
        c, self.join = 2, join
        self.first = nn.Conv2d(3, c, 3, padding=padding)
        self.downs = nn.ModuleList(DOWNS[down](c) for _ in range(levels))
        self.encode = nn.ModuleList(nn.Conv2d(c, c, 3, padding=padding) for _ in range(levels))
        self.ups = nn.ModuleList(UPS[up](c) or nn.Identity() for _ in range(levels))
        self.to_skip = up == "to the skip's size"
        wide = c if join == "add" else 2 * c
        self.decode = nn.ModuleList(nn.Conv2d(wide, c, 3, padding=padding) for _ in range(levels))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        skips = []
        for down, encode in zip(self.downs, self.encode, strict=True):
            skips.append(x)
            x = F.relu(encode(down(x)))
        for up, decode in zip(self.ups, self.decode, strict=True):
            skip = skips.pop()
            x = F.interpolate(x, size=skip.shape[2:]) if self.to_skip else up(x)
            x = F.relu(decode(self.joined(skip, x)))
        return x

    def joined(self, skip: Tensor, x: Tensor) -> Tensor:
        h, w = x.shape[2:]
        if self.join == "add":
            return skip + x
        if self.join == "slice":
            skip = skip[:, :, :h, :w]
        elif self.join == "centre":
            top, left = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
            skip = skip[:, :, top : top + h, left : left + w]
        elif self.join == "padded":
            dh, dw = skip.shape[2] - h, skip.shape[3] - w
            x = F.pad(x, (dw // 2, dw - dw // 2, dh // 2, dh - dh // 2))
        return torch.cat((skip, x), dim=1)


VALID = {"N": 2, "H": 572, "W": 604}


def unets() -> Iterator[SizeModel]:
    """Yield U-Nets of 1 to 5 levels, with every kind of up-sampling and of skip."""

    def unet(up: str, levels: int, usual: Mapping[str, int] = IMAGE, **options: Any) -> SizeModel:
        words = ", ".join(str(value) for value in options.values())
        name = f"U-Net {up}, {levels} levels{', ' if words else ''}{words}"
        return SizeModel(name=name, build=lambda: UNet(up, levels, **options), usual=usual)

    for levels in range(1, 6):
        for up in UPS:
            for join in ("cat", "add"):
                yield unet(up, levels, join=join)
    for levels in (2, 4):
        for up in UPS:
            for down in DOWNS:
                yield unet(up, levels, down=down)
            for join in ("slice", "centre", "padded"):
                yield unet(up, levels, join=join)
                yield unet(up, levels, VALID, join=join, padding=0)


# ---------------------------------------------------------------------------- other models


class Around(nn.Module):
    """A function with children to call: `forward(self, x)`."""

    def __init__(self, function: Callable[..., Any], children: Mapping[str, Any]) -> None:
        super().__init__()
        self.function = function
        for name, child in children.items():
            if isinstance(child, Tensor):
                self.register_buffer(name, child)
            else:
                self.add_module(name, child)

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def conv(**options: Any) -> nn.Conv2d:
    """Return a small convolution that keeps the size."""
    return nn.Conv2d(3, 4, 3, padding=1, **options)


def padded(multiple: int, mode: str = "constant") -> Callable[..., Tensor]:
    """Return a forward that pads to a multiple, runs a U-Net, and crops what it padded."""

    def forward(self: Any, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        x = F.pad(x, (0, -w % multiple, 0, -h % multiple), mode=mode)
        return self.unet(x)[:, :, :h, :w]

    return forward


def branching(self: Any, x: Tensor) -> Tensor:
    if x.shape[2] % 32:
        x = F.interpolate(x, size=(x.shape[2] // 32 * 32, x.shape[3]))
    return self.unet(x)


def square(self: Any, x: Tensor) -> Tensor:
    h, w = x.shape[-2:]
    assert h == w, f"expected a square image, got {h}x{w}"
    return self.conv(x)


def checked(self: Any, x: Tensor) -> Tensor:
    torch._assert(x.shape[2] % 8 == 0, "the height is a multiple of 8")
    torch._check(x.shape[3] >= 16)
    return self.conv(x)


def raising(self: Any, x: Tensor) -> Tensor:
    if x.shape[2] < 10 or x.shape[3] > 300:
        raise ValueError("too small, or too large")
    return self.conv(x)


def windows(self: Any, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    x = x.view(n, c, h // 7, 7, w // 7, 7).permute(0, 2, 4, 3, 5, 1)
    return self.mix(x.reshape(-1, 49, c))


def grouped(self: Any, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, c, 4, h // 4, w).transpose(2, 3).reshape(n, -1)


def tiled(self: Any, x: Tensor) -> Tensor:
    h, w = x.shape[2:]
    patches = F.unfold(self.conv(x), kernel_size=3, stride=2, padding=1)
    return F.fold(patches, output_size=(h, w), kernel_size=3, stride=2, padding=1)


def tiles(self: Any, x: Tensor) -> Tensor:
    tiles = x.unfold(2, 8, 8).unfold(3, 8, 8)
    return self.conv(tiles.reshape(-1, 3, 8, 8))


class Patches(nn.Module):
    """Tokens with a table of positions: a transformer for one number of patches."""

    def __init__(self, side: int = 4, *, cut: bool = False) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 16, stride=16)
        self.cut = cut
        self.position = nn.Parameter(torch.zeros(1, side * side + 1, 8))
        self.first = nn.Parameter(torch.zeros(1, 1, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.first.expand(len(x), -1, -1), tokens), dim=1)
        position = self.position[:, : tokens.shape[1]] if self.cut else self.position
        return self.layer(tokens + position)


class LeNet(nn.Module):
    """Two convolutions, and features counted by hand."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(400, 10)
        self.form = form

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        match self.form:
            case "view":
                x = x.view(-1, 400)
            case "flatten":
                x = x.flatten(1)
            case "batch":
                x = x.view(x.size(0), -1)
            case "reshape":
                x = x.reshape(x.shape[0], 400)
        return self.fc(x)


def by_quarter(self: Any, x: Tensor) -> Tensor:
    """Divide by a size that is 0 for small images."""
    return F.interpolate(x, scale_factor=float(x.shape[2] // (x.shape[2] // 4)))


def remainder(self: Any, x: Tensor) -> Tensor:
    extra = x.shape[3] % (x.shape[2] // 8)
    return F.pad(x, (0, extra))


def ratio(self: Any, x: Tensor) -> Tensor:
    h, w = x.shape[2:]
    return self.conv(x) if h / (w - 5) > 0.5 else x


def quotients(self: Any, x: Tensor) -> Tensor:
    rows, rest = divmod(x.shape[3], x.shape[2] - 3)
    return x[:, :, :, rest:] if rows > 1 else self.conv(x)


def chunks(self: Any, x: Tensor) -> Tensor:
    first, second = self.conv(x).chunk(2, dim=2)
    return first + second


def halves(self: Any, x: Tensor) -> Tensor:
    first, second = self.conv(x).split(x.shape[2] // 2, dim=2)
    return first * second


def strided(self: Any, x: Tensor) -> Tensor:
    return self.conv(x)[:, :, :: x.shape[2] // 16]


def cropped(self: Any, x: Tensor) -> Tensor:
    return self.conv(F.pad(x, (-8, -8, -4, -12)))


def pooled_by_size(self: Any, x: Tensor) -> Tensor:
    return F.avg_pool2d(self.conv(x), (x.shape[2] // 5, x.shape[3])).flatten(1)


def shrinking(self: Any, x: Tensor) -> Tensor:
    while x.shape[2] > 16:
        x = F.max_pool2d(self.conv(x), 2)
    return x


def pyramid(self: Any, x: Tensor) -> Tensor:
    x = self.conv(x)
    pools = [F.adaptive_avg_pool2d(x, bins) for bins in (1, 2, 3, 6)]
    up = [F.interpolate(p, x.shape[2:], mode="bilinear", align_corners=False) for p in pools]
    return torch.cat((x, *up), dim=1)


def halved_scale(self: Any, x: Tensor) -> Tensor:
    return F.interpolate(self.conv(F.interpolate(x, scale_factor=0.3)), scale_factor=1.7)


def rounded(self: Any, x: Tensor) -> Tensor:
    h, w = x.shape[2:]
    return F.interpolate(x, size=(round(h / 7) * 3, int(w * 0.15)))


def gathered(self: Any, x: Tensor) -> Tensor:
    return x[:, :, 10, :] + x[:, :, -20, :]


def rolled(self: Any, x: Tensor) -> Tensor:
    a, b = x[:, :, 0::2, 0::2], x[:, :, 1::2, 1::2]
    return torch.cat((a, b), dim=1)


def broadcast(self: Any, x: Tensor) -> Tensor:
    pooled = F.max_pool2d(x, 4)
    return F.max_pool2d(x, 8) + pooled[:, :, ::2, ::2] + F.adaptive_avg_pool2d(x, 1)


def swapped(self: Any, x: Tensor) -> Tensor:
    return x + x.transpose(2, 3)


def multiplied(self: Any, x: Tensor) -> Tensor:
    return x @ self.conv(x)[:, :3]


def masked(self: Any, x: Tensor) -> Tensor:
    tokens = self.embed(x)
    mask = torch.triu(torch.full((16, 16), float("-inf")), 1)
    return self.layer(tokens, src_mask=mask)


def embedded(self: Any, x: Tensor) -> Tensor:
    return self.embed(x) + self.position(torch.arange(x.shape[1], device=x.device))


def asserted(self: Any, x: Tensor) -> Tensor:
    assert x.size(1) <= 30, "the sequence is too long"
    return self.embed(x) + self.position[0][:, : x.size(1)]


def last_step(self: Any, x: Tensor) -> Tensor:
    out, _ = self.lstm(self.embed(x))
    return self.head(out[:, -1] + out[:, 4])


def encoded(self: Any, x: Tensor) -> Tensor:
    return self.layer(self.embed(x))


def heads(self: Any, x: Tensor) -> Tensor:
    n, t, _ = self.embed(x).shape
    return self.embed(x).view(n, t // 2, 2, 8).transpose(1, 2)


def audio(*, last: int | None = None) -> nn.Sequential:
    """Return a stack of strided convolutions, as raw audio is read."""
    layers: list[nn.Module] = []
    for n, (kernel, stride) in enumerate([(10, 5), (3, 2), (3, 2), (2, 2)]):
        layers += [nn.Conv1d(4 if n else 1, 4, kernel, stride), nn.GroupNorm(2, 4), nn.GELU()]
    return nn.Sequential(*layers, *([nn.Flatten(), nn.Linear(4 * last, 3)] if last else []))


TEXT = {"N": 2, "T": 24}
SOUND = {"N": 2, "L": 400}
LONGER = {"L": (*range(81, 140), *range(396, 500, 3), 799, 800, 801, 1600)}


def others() -> Iterator[SizeModel]:
    """Yield models whose sizes are limited by something else than a skip."""

    def model(name: str, function: Any, *, patterns: Any = ("N,3,H,W",), usual: Any = IMAGE, near: Any = None, train: bool = False, **children: Callable[[], nn.Module]) -> SizeModel:  # fmt: skip
        def build() -> nn.Module:
            return Around(function, {name: make() for name, make in children.items()})

        return SizeModel(
            name=name,
            build=build,
            patterns=patterns,
            usual=usual,
            near=near or {},
            train=train,
            gap=size_functions.GAPS.get(name, ""),
        )

    def layers(name: str, *make: Callable[[], nn.Module], **options: Any) -> SizeModel:
        return SizeModel(name=name, build=lambda: nn.Sequential(*(m() for m in make)), **options)

    def text(name: str, function: Any, **children: Callable[[], nn.Module]) -> SizeModel:
        def table() -> nn.Module:
            return nn.Embedding(10, 8)

        return model(name, function, patterns=("N,T:int64",), usual=TEXT, embed=table, **children)

    def table(length: int) -> Callable[[], nn.ParameterList]:
        return lambda: nn.ParameterList([torch.zeros(1, length, 8)])

    for multiple in (4, 8, 32):
        yield model(f"padded to {multiple}", padded(multiple), unet=lambda: UNet("transposed 2", 2))
        yield model(
            f"padded to {multiple} by reflection",
            padded(multiple, "reflect"),
            unet=lambda: UNet("nearest", 2),
        )
    yield model("padded to 8, 5 levels", padded(8), unet=lambda: UNet("nearest", 5))
    yield model("padded to 8 round about", padded(8, "circular"), unet=lambda: UNet("nearest", 3))
    yield model("branch on H % 32", branching, unet=lambda: UNet("nearest", 5))
    yield model("square", square, conv=conv)
    yield model("checked", checked, conv=conv)
    yield model("raising", raising, conv=conv)
    yield model("windows of 7", windows, mix=lambda: nn.Linear(3, 5))
    yield model("height in groups of 4", grouped)
    yield model("unfold and fold", tiled, conv=conv)
    yield model("tiles of 8", tiles, conv=lambda: nn.Conv2d(3, 4, 3))
    for form in ("view", "flatten", "batch", "reshape"):
        yield SizeModel(
            name=f"LeNet {form}",
            build=lambda form=form: LeNet(form),
            usual={"N": 2, "H": 32, "W": 33},
        )
    yield SizeModel(name="patches", build=Patches, usual={"N": 2, "H": 64, "W": 79})
    yield SizeModel(
        name="patches cut", build=lambda: Patches(cut=True), usual={"N": 2, "H": 64, "W": 64}
    )
    yield model("divided by a quarter", by_quarter)
    yield model("remainder by an eighth", remainder)
    yield model("ratio", ratio, conv=conv)
    yield model("divmod", quotients, conv=conv)
    yield model("chunks", chunks, conv=conv)
    yield model("halves", halves, conv=conv)
    yield model("strided slice", strided, conv=conv)
    yield model("cropped by negative padding", cropped, conv=conv)
    yield model("pooled by size", pooled_by_size, conv=conv)
    yield model("shrinking", shrinking, conv=lambda: nn.Conv2d(3, 3, 3, padding=1))
    yield model("pyramid", pyramid, conv=conv)
    yield model("scaled by fractions", halved_scale, conv=lambda: nn.Conv2d(3, 4, 3))
    yield model("rounded", rounded)
    yield model("indexed", gathered)
    yield model("even and odd", rolled)
    yield model("broadcast", broadcast)
    yield model("swapped", swapped, usual={"N": 2, "H": 64, "W": 64})
    yield model("multiplied", multiplied, usual={"N": 2, "H": 64, "W": 64}, conv=conv)
    for train in (False, True):
        yield layers(
            "batch norm", lambda: nn.Conv2d(3, 4, 3), lambda: nn.BatchNorm2d(4), train=train
        )
        yield layers(
            "pooled batch norm",
            lambda: nn.AdaptiveAvgPool2d(1),
            lambda: nn.BatchNorm2d(3),
            train=train,
        )
        yield layers(
            "instance norm",
            lambda: nn.Conv2d(3, 4, 5, 2),
            lambda: nn.InstanceNorm2d(4),
            train=train,
        )
        yield layers(
            "group norm", lambda: nn.Conv2d(3, 4, 5, 2), lambda: nn.GroupNorm(4, 4), train=train
        )
        yield layers("group norm alone", lambda: nn.GroupNorm(3, 3), train=train)
        yield layers(
            "tracking instance norm",
            lambda: nn.InstanceNorm2d(3, track_running_stats=True),
            train=train,
        )
        yield layers(
            "dropout and flat batch norm",
            lambda: nn.AdaptiveAvgPool2d(1),
            nn.Flatten,
            nn.Dropout,
            lambda: nn.BatchNorm1d(3),
            train=train,
        )
    yield layers("space to depth", lambda: nn.PixelUnshuffle(4), lambda: nn.Conv2d(48, 4, 3))
    yield layers("channel shuffle", lambda: nn.Conv2d(3, 4, 2, 3), lambda: nn.ChannelShuffle(2))
    for mode in ("reflect", "replicate", "circular", "zeros"):
        yield layers(f"convolution, {mode}", lambda mode=mode: nn.Conv2d(3, 4, 7, padding=5, padding_mode=mode))  # fmt: skip
    yield layers("reflected", lambda: nn.ReflectionPad2d((3, 6, 9, 2)))
    yield layers("replicated", lambda: nn.ReplicationPad2d((3, 6, -9, 2)))
    yield layers("circular", lambda: nn.CircularPad2d((3, 6, 9, 2)))
    yield layers("zeros cut off", lambda: nn.ZeroPad2d((-3, 1, -9, 2)), lambda: nn.Conv2d(3, 4, 3))
    yield layers(
        "ceiling",
        lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
        lambda: nn.AvgPool2d(5, 3, 2, ceil_mode=True),
        lambda: nn.Conv2d(3, 4, 2),
    )
    yield layers(
        "ceiling, dilated",
        lambda: nn.MaxPool2d(3, 4, 1, dilation=3, ceil_mode=True),
        lambda: nn.MaxPool2d(2),
    )
    yield layers(
        "adaptive",
        lambda: nn.Conv2d(3, 4, 3, 2),
        lambda: nn.AdaptiveMaxPool2d((7, None)),
        lambda: nn.Conv2d(4, 4, 7),
    )
    yield layers("fractional", lambda: nn.FractionalMaxPool2d(3, output_size=(5, 6)))
    yield layers(
        "fractional ratio",
        lambda: nn.FractionalMaxPool2d(2, output_ratio=0.4),
        lambda: nn.Conv2d(3, 4, 2),
    )
    yield layers(
        "power pooling", lambda: nn.LPPool2d(2, 3, 2), lambda: nn.Conv2d(3, 4, 2, dilation=3)
    )
    yield layers(
        "same, dilated",
        lambda: nn.Conv2d(3, 4, 5, padding="same", dilation=4),
        lambda: nn.Conv2d(4, 4, 3, 3),
    )
    yield layers(
        "shrinking transposed",
        lambda: nn.ConvTranspose2d(3, 4, 3, 2, padding=5),
        lambda: nn.ConvTranspose2d(4, 4, 3, padding=2),
    )
    yield layers("unfolded", lambda: nn.Unfold(3, 2, 1, 2))
    yield layers("scaled down", lambda: nn.Upsample(scale_factor=0.25), lambda: nn.Conv2d(3, 4, 3))
    yield layers(
        "scaled to 0.7",
        lambda: nn.Upsample(scale_factor=0.7, mode="bilinear"),
        lambda: nn.AvgPool2d(4),
    )
    yield layers(
        "scaled bicubic",
        lambda: nn.Upsample(scale_factor=(0.1, 1.3), mode="bicubic"),
        lambda: nn.AvgPool2d(2),
    )
    yield layers("layer norm of rows", lambda: nn.Conv2d(3, 4, 3), lambda: nn.LayerNorm(30))
    yield layers("linear on rows", lambda: nn.MaxPool2d(2), lambda: nn.Linear(16, 3))
    yield layers(
        "unflattened",
        lambda: nn.MaxPool2d(3),
        lambda: nn.Flatten(2),
        lambda: nn.Unflatten(2, (8, -1)),
    )
    yield layers(
        "bilinear",
        lambda: nn.UpsamplingBilinear2d(scale_factor=0.5),
        lambda: nn.Softmax2d(),
        lambda: nn.Conv2d(3, 3, 4),
    )
    yield layers(
        "local response", lambda: nn.LocalResponseNorm(3), lambda: nn.Conv2d(3, 3, 11, 4, 2)
    )

    yield text(
        "positions cut",
        lambda self, x: self.embed(x) + self.position[0][:, : x.shape[1]],
        position=table(30),
    )
    yield text(
        "positions whole", lambda self, x: self.embed(x) + self.position[0], position=table(24)
    )
    yield text("positions embedded", embedded, position=lambda: nn.Embedding(30, 8))
    yield text("positions asserted", asserted, position=table(40))
    yield text(
        "LSTM",
        last_step,
        lstm=lambda: nn.LSTM(8, 5, 2, batch_first=True, bidirectional=True),
        head=lambda: nn.Linear(10, 2),
    )
    yield text(
        "transformer", encoded, layer=lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    )
    yield text(
        "transformer, masked",
        masked,
        layer=lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
    )
    yield text("pairs of tokens", heads)
    for last in (None, 9):
        yield layers(
            f"audio, {last or 'any'}",
            lambda last=last: audio(last=last),
            patterns=("N,1,L",),
            usual=SOUND,
            near=LONGER,
        )
    yield layers(
        "audio pools",
        lambda: nn.Conv1d(1, 2, 9, 4, 2, 3),
        lambda: nn.MaxPool1d(4, ceil_mode=True),
        lambda: nn.AvgPool1d(3, 2, 1),
        lambda: nn.BatchNorm1d(2),
        patterns=("N,1,L",),
        usual=SOUND,
        near=LONGER,
        train=True,
    )
    yield layers(
        "audio up",
        lambda: nn.ReflectionPad1d(7),
        lambda: nn.Conv1d(1, 2, 15, 4),
        lambda: nn.ConvTranspose1d(2, 1, 4, 4),
        patterns=("N,1,L",),
        usual=SOUND,
        near=LONGER,
    )
    yield model("spectrogram", spectrogram, patterns=("N,L",), usual=SOUND, near=LONGER)
    yield model(
        "two images",
        two_images,
        patterns=("N,3,H,W", "M,3,K,W"),
        usual={"N": 2, "H": 32, "W": 48, "M": 1, "K": 16},
    )


def spectrogram(self: Any, x: Tensor) -> Tensor:
    window = torch.ones(64, device=x.device)
    return torch.stft(x, 64, 16, window=window, return_complex=True).abs()


def two_images(self: Any, x: Tensor, y: Tensor) -> Tensor:
    y = F.interpolate(y, scale_factor=2)
    return x * y


def functions() -> Iterator[SizeModel]:
    """Yield a model for every call of `size_functions`."""
    for name, function in size_functions.CALLS.items():
        yield SizeModel(
            name=f"call: {name}",
            build=lambda function=function: Around(function, {}),
            usual=size_functions.IMAGE,
            gap=size_functions.GAPS.get(name, ""),
        )
    for name, (function, children) in size_functions.MODULES.items():
        for train in (False, True):
            yield SizeModel(
                name=f"module: {name}",
                build=lambda function=function, children=children: Around(
                    function, {child: make() for child, make in children.items()}
                ),
                usual=size_functions.IMAGE,
                train=train,
                gap=size_functions.GAPS.get(name, ""),
            )


def every_model() -> list[SizeModel]:
    """Return all of them."""
    return [*others(), *functions(), *unets(), *of_torchvision()]
