"""Remarks on receptive fields: nets with known answers, beside what torch really sees."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from torch import Tensor, nn

from examples.unet import UNet
from shapecalc.analysis import Analysis, analyze
from shapecalc.cli import main
from shapecalc.errors import InputError
from shapecalc.receptive_field.remarks import Kind, Remark, remarks
from shapecalc.render.field_schema import FIELDS
from shapecalc.sets import relation
from tests.field_oracle import positive
from tests.reached import reached, slab, tensors_in


def conv(kernel_size: int | tuple[int, int], **options: Any) -> nn.Conv2d:
    return nn.Conv2d(1, 1, kernel_size, **options)


def of(model: nn.Module | Analysis, *inputs: str, **sizes: int) -> dict[Kind, Remark]:
    """Return the remarks on a model by their kinds, each of which there is once."""
    found = model
    if isinstance(model, nn.Module):
        found = analyze(model, *(inputs or ("N,1,H,W",)))
    listed = remarks(found, sizes or None)
    assert len({remark.kind for remark in listed}) == len(listed), listed
    return {remark.kind: remark for remark in listed}


def unseen(model: nn.Module, *size: int) -> list[tuple[int, ...]]:
    """Return, axis by axis, which elements of a real input change nothing in any output."""
    model = positive(model).eval()
    channels = next(p.shape[1] for p in model.parameters() if p.dim() > 2)
    generator = torch.Generator().manual_seed(5)
    x = torch.rand(1, channels, *size, generator=generator, dtype=torch.float64) + 0.1

    def run(inputs: Any) -> list[Tensor]:
        with torch.no_grad():
            return tensors_in(model(*inputs))

    found = []
    for axis, count in enumerate(size, start=2):
        masks = [reached(run, [x], 0, slab(x, axis, n)) for n in range(count)]
        found.append(tuple(n for n in range(count) if not any(m.any() for m in masks[n])))
    return found


# ---------------------------------------------------------------------------- holes and gaps


def stack(*dilations: int) -> nn.Sequential:
    return nn.Sequential(*(conv(3, dilation=d, padding=d) for d in dilations))


def test_equal_dilations_make_a_grid() -> None:
    holes = of(stack(2, 2, 2))[Kind.HOLES]
    assert holes.layers == ("0", "2")
    assert holes.axes == ("H", "W")
    assert holes.numbers["offsets"] == (-6, -4, -2, 0, 2, 4, 6)
    assert holes.numbers["density"] == Fraction(7, 13)
    assert holes.numbers["every"] == 2
    assert holes.numbers["never filled"] is True
    assert "every second row and column of its window of 13 x 13" in holes.text
    assert "49 of 169 pixels" in holes.text


@pytest.mark.parametrize("dilations", [(2, 2), (3, 3), (2, 3), (1, 4)])
def test_the_offsets_of_holes_are_those_that_a_gradient_reaches(dilations: tuple[int, ...]) -> None:
    holes = of(stack(*dilations, 6))[Kind.HOLES]
    shown = int(holes.layers[1] if len(holes.layers) > 1 else holes.layers[0])
    net = positive(stack(*dilations, 6))[: shown + 1]
    x = torch.ones(1, 1, 41, 41, dtype=torch.float64, requires_grad=True)
    net(x)[0, 0, 20, 20].backward()
    assert x.grad is not None
    rows = x.grad[0, 0].any(dim=1).nonzero().flatten() - 20
    assert holes.numbers["offsets"] == tuple(rows.tolist())


def test_other_dilations_leave_no_holes() -> None:
    assert Kind.HOLES not in of(stack(1, 2, 5))
    assert Kind.HOLES not in of(stack(1, 2, 3))
    assert Kind.HOLES in of(stack(1, 2, 9))


def test_a_dense_convolution_fills_the_holes() -> None:
    holes = of(stack(2, 2, 2, 1))[Kind.HOLES]
    assert holes.layers == ("0", "2", "3")
    assert "filled at 3 (Conv2d)" in holes.text


def test_holes_that_begin_twice_are_counted() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = conv(3, dilation=2, padding=2), conv(3, dilation=3, padding=3)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.a(x), self.b(x)

    holes = of(Twice())[Kind.HOLES]
    assert holes.layers == ("a",)
    assert holes.numbers["others"] == 1
    assert holes.text.endswith("; the same at 1 more op")


def test_windows_that_do_not_touch() -> None:
    found = of(nn.Sequential(conv(2, stride=5), conv(3, padding=1)))
    gaps = found[Kind.GAPS]
    assert gaps.layers == ("0",)
    assert (gaps.numbers["size"], gaps.numbers["between"]) == (2, 3)
    assert gaps.numbers["never closed"] is True
    assert Kind.HOLES not in found  # what lies between the windows is no hole of its own


def test_windows_that_another_branch_joins_have_no_gaps_any_more() -> None:
    class Shortcut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.short = conv(3, stride=2, padding=1), conv(1, stride=2)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x) + self.short(x)

    found = of(Shortcut())
    assert found[Kind.GAPS].layers == ("short", "add")
    assert "closed at add" in found[Kind.GAPS].text
    assert Kind.UNSEEN not in found
    assert Kind.MISALIGNED not in found


# ---------------------------------------------------------------------------- alignment


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.near, self.even = conv(3, padding=1), conv(4, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.near(x), self.even(x)], 1)


class Shortened(nn.Module):
    """A strided convolution beside an average of 2 x 2, as in ResNet-D."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = conv(3, stride=2, padding=1), conv(3, stride=2, padding=1)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.conv(x) + self.pool(x)


def test_uneven_padding_misaligns_branches() -> None:
    found = of(Inception())
    assert found[Kind.MISALIGNED].layers == ("cat", "near", "even")
    assert found[Kind.MISALIGNED].numbers["offset"] == Fraction(1, 2)
    assert found[Kind.OFF_CENTRE].layers == ("even", "cat")
    assert found[Kind.OFF_CENTRE].numbers["centre"] == Fraction(1, 2)


def test_an_average_of_two_lies_beside_a_convolution() -> None:
    found = of(Shortened())[Kind.MISALIGNED]
    assert found.layers == ("add", "conv", "pool")
    assert found.numbers["offset"] == 1
    assert found.numbers["centres"] == (0, 1)
    assert "look 1 pixel apart" in found.text
    # and torch agrees: where the middle of a gradient lies, of output 3 of both branches
    net = Shortened().double()
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    for branch, middle in ((net.conv, 12), (net.pool, 13)):
        x = torch.ones(1, 1, 32, 32, dtype=torch.float64, requires_grad=True)
        branch(net.stem(x))[0, 0, 3, 3].backward()
        assert x.grad is not None
        rows = x.grad[0, 0].any(dim=1).nonzero().flatten()
        assert (rows[0] + rows[-1]).item() / 2 == middle


def test_strides_that_differ() -> None:
    class Strides(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fine, self.coarse = nn.Conv1d(1, 1, 3, padding=1), nn.Conv1d(1, 1, 3, stride=2)

        def forward(self, x: Tensor) -> Tensor:
            coarse = self.coarse(x)
            return self.fine(x)[..., : coarse.shape[-1]] + coarse

    found = of(Strides(), "N,1,L")[Kind.MISALIGNED]
    assert found.numbers["strides"] == (1, 2)
    assert found.text.startswith("the branches that meet at add have strides 1 and 2")


def test_pieces_of_one_tensor_are_no_branches() -> None:
    class Focus(nn.Module):
        """Four neighbours side by side: space to depth, as in YOLOv5 and in Swin."""

        def forward(self, x: Tensor) -> Tensor:
            pieces = [x[..., i::2, j::2] for i, j in itertools.product(range(2), range(2))]
            return torch.cat(pieces, 1)

    analysis = analyze(Focus(), "N,1,H,W")
    assert analysis.at(N=1, H=8, W=8)
    assert Kind.MISALIGNED not in {remark.kind for remark in remarks(analysis)}


def test_two_uneven_paddings_add_up() -> None:
    found = of(nn.Sequential(conv(4, padding="same"), conv(4, padding="same")))[Kind.OFF_CENTRE]
    assert (found.numbers["centre"], found.numbers["centre at the end"]) == (Fraction(1, 2), 1)
    assert found.text.startswith("output i of 0 (Conv2d) looks around pixel i + 1/2, not pixel i")


def test_no_padding_is_not_off_centre() -> None:
    assert not remarks(analyze(nn.Sequential(conv(5), conv(3)), "N,1,H,W"))


@pytest.mark.parametrize("bilinear", [False, True], ids=["transposed", "bilinear"])
def test_nothing_stands_out_of_a_unet(bilinear: bool) -> None:
    analysis = analyze(UNet(1, 1, depth=3, width=2, bilinear=bilinear), "N,1,H,W")
    assert remarks(analysis) == ()


def test_padding_that_the_next_op_takes_back_is_no_shift() -> None:
    net = nn.Sequential(nn.ZeroPad2d(1), conv(3), nn.ZeroPad2d((2, 0, 2, 0)), conv(3))
    found = of(net)[Kind.OFF_CENTRE]
    assert found.layers == ("3",)
    assert found.text == "output i of 3 (Conv2d) looks around pixel i - 1, not pixel i"


# ---------------------------------------------------------------------------- lost pixels


class Patches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.merge = conv(4, stride=4), conv(2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(self.embed(x))


class Blurred(nn.Module):
    """ConvNeXt in small: what the second stride leaves out is seen by its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.blur, self.merge = conv(4, stride=4), conv(3, padding=1), conv(2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(self.blur(self.embed(x)))


class Cropped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[..., 2:-3, ::2]


class Both(nn.Module):
    """Even rows by one output, rows that 3 divides by another."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(1, stride=2), conv(1, stride=3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"a": self.a(x), "b": self.b(x)}


def dilated() -> nn.Sequential:
    return nn.Sequential(
        conv((3, 5), stride=(2, 1), padding=(1, 2), dilation=(3, 1)), conv(2, dilation=2)
    )


LOSING: Mapping[str, tuple[Callable[[], nn.Module], str, tuple[str, ...]]] = {
    "patches": (Patches, "the last H mod 8 rows, the last W mod 8 columns", ("embed", "merge")),
    "blurred": (Blurred, "the last H mod 4 rows, the last W mod 4 columns", ("embed",)),
    "strided": (lambda: conv(3, stride=2), "the last row (where H is even), ", ()),
    "shortcut": (lambda: conv(1, stride=2), "every second row (1, 3, 5, ...), ", ()),
    "cropped": (
        Cropped,
        "the first 2 rows and the last 3 rows, every second column (1, 3, 5, ...)",
        ("getitem",),
    ),
    "both": (Both, "2 of every 6 rows (1, 5, 7, ...), ", ("a", "b")),
    "gaps": (
        lambda: conv((2, 1), stride=(3, 1)),
        "every third row (2, 5, 8, ...) and the last row (where H mod 3 is 1)",
        (),
    ),
    "uneven": (
        lambda: nn.Sequential(conv(11, stride=4, padding=2), nn.MaxPool2d(3, 2)),
        "the last (H + 1) mod 8 - 2 rows (where that is positive), ",
        ("0", "1"),
    ),
    "padded": (
        lambda: nn.Sequential(conv(4, stride=4), conv(2, stride=3, padding=1)),
        "",
        ("0", "1"),
    ),
    "dilated": (dilated, "the first row and some of the last 2 rows (for H >= 64)", ("0", "1")),
}


@pytest.mark.parametrize("name", LOSING)
def test_the_set_of_unseen_pixels_is_what_torch_does_not_see(name: str) -> None:
    make, said, layers = LOSING[name]
    analysis = analyze(make(), "N,1,H,W")
    remark = next(r for r in remarks(analysis) if r.kind is Kind.UNSEEN)
    assert remark.text.startswith(f"seen by no output: {said}")
    if layers:
        assert remark.layers == layers
    for height, width in ((25, 22), (26, 24), (27, 31), (28, 33)):
        if not analysis.graph.holds({"N": 1, "H": height, "W": width}):
            continue
        real = dict(zip("HW", unseen(make(), height, width), strict=True))
        for axis, size in (("H", height), ("W", width)):
            lost = relation(str(remark.numbers.get(axis, "{ [] -> [j] : false }")))
            assert tuple(lost.at(**{axis: size}).image(())) == real[axis], (axis, size)
        at = [r for r in remarks(analysis, {"H": height, "W": width}) if r.kind is Kind.UNSEEN]
        listed = dict(at[0].numbers) if at else {}
        assert listed == {axis: lost for axis, lost in real.items() if lost}


class Random(nn.Module):
    """One to four windows in a row, now and then beside another branch of the same stride."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        self.main, self.side = nn.ModuleList(), nn.ModuleList()
        for _ in range(draw.randint(1, 4)):
            k, s, d = draw.randint(1, 4), draw.randint(1, 4), draw.randint(1, 2)
            p = draw.randint(0, k // 2)
            self.main.append(nn.Conv1d(1, 1, k, stride=s, padding=p, dilation=d))
            beside = draw.random() < 0.3
            self.side.append(nn.Conv1d(1, 1, 1, stride=s) if beside else nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        for window, side in zip(self.main, self.side, strict=True):
            y = window(x)
            if isinstance(side, nn.Conv1d):
                z = side(x)
                size = min(y.shape[-1], z.shape[-1])
                y = y[..., :size] + z[..., :size]
            x = y
        return x


@pytest.mark.parametrize("seed", range(40))
def test_unseen_pixels_of_random_networks(seed: int) -> None:
    """All weights are positive and nothing is cut off: a gradient of 0 is an unseen pixel."""
    net = positive(Random(seed))
    analysis = analyze(net, "N,1,L")
    said = [r for r in remarks(analysis) if r.kind is Kind.UNSEEN]
    lost = relation(str(said[0].numbers["L"]) if said else "{ [] -> [j] : false }")
    for size in range(250, 257):
        x = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
        net(x).sum().backward()
        assert x.grad is not None
        real = tuple((x.grad[0, 0] == 0).nonzero().flatten().tolist())
        at = [r for r in remarks(analysis, {"L": size}) if r.kind is Kind.UNSEEN]
        assert (at[0].numbers["L"] if at else ()) == real
        assert tuple(lost.at(L=size).image(())) == real


def test_a_residual_net_loses_nothing() -> None:
    class Block(nn.Module):
        def __init__(self, stride: int) -> None:
            super().__init__()
            self.conv, self.short = conv(3, stride=stride, padding=1), conv(1, stride=stride)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.conv(x) + self.short(x))

    net = nn.Sequential(Block(2), Block(2), Block(1))
    assert Kind.UNSEEN not in of(net)
    for size in ((21, 22), (23, 24)):
        assert unseen(net, *size) == [(), ()]


def test_fixed_sizes_are_listed() -> None:
    remark = of(conv(4, stride=4), "N,1,30,34")[Kind.UNSEEN]
    assert "positions 28..29 on axis 2, positions 32..33 on axis 3" in remark.text


# ---------------------------------------------------------------------------- at given sizes


def test_from_where_windows_are_larger_than_the_image() -> None:
    net = nn.Sequential(*(conv(7, padding=3) for _ in range(6)))
    remark = of(net, H=20, W=64)[Kind.LARGER]
    assert (remark.layers, remark.axes) == (("3",), ("H",))
    assert dict(remark.numbers) == {"size": 25, "image": 20, "ops": 3}
    assert Kind.LARGER not in of(net, H=37, W=37)
    assert of(net, H=36, W=36)[Kind.LARGER].axes == ("H", "W")


def test_a_size_that_is_missing_is_asked_for() -> None:
    with pytest.raises(InputError, match="a size is missing for W"):
        remarks(analyze(conv(3), "N,1,H,W"), {"H": 20})


# ---------------------------------------------------------------------------- the batch, the axis


def test_batch_norm_in_training_mixes_the_batch() -> None:
    net = nn.Sequential(conv(3), nn.BatchNorm2d(1), conv(3), nn.BatchNorm2d(1))
    found = {r.kind: r for r in remarks(analyze(net, "N,1,H,W", train=True))}
    assert found[Kind.BATCH].layers == ("1",)
    assert found[Kind.BATCH].axes == ("N",)
    assert found[Kind.WIDENED].layers == ("1",)
    assert not remarks(analyze(net, "N,1,H,W"))


class Flattened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(1, 16, 5), nn.Linear(400, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(F.max_pool2d(self.conv(x), 4).view(-1, 400))


def test_a_view_that_lays_positions_into_the_batch() -> None:
    analysis = analyze(Flattened(), "N,1,H,W")
    symbolic = of(analysis)[Kind.BATCH]
    assert symbolic.layers == ("view",)
    assert symbolic.numbers["certain"] is False
    assert Kind.BATCH not in of(analysis, N=3, H=24, W=24)
    halves = of(analysis, N=2, H=44, W=24)[Kind.BATCH]
    assert halves.text == (
        "view lays positions into the batch: 2 images come out as 4 rows of the output"
    )
    assert Flattened()(torch.zeros(2, 1, 44, 24)).shape == (4, 10)
    mixed = of(analysis, N=25, H=28, W=28)[Kind.BATCH]
    assert mixed.numbers["certain"] is True
    assert mixed.numbers["mixed"] is True
    # row 1 of the output lies partly in image 0 and partly in image 1: 16*6*6 = 576 = 400 + 176
    model = positive(Flattened())
    x = torch.rand(25, 1, 28, 28, dtype=torch.float64)
    changed = [
        masks.any(dim=1).nonzero().flatten().tolist()
        for image in (0, 1)
        for masks in reached(lambda inputs: [model(*inputs)], [x], 0, slab(x, 0, image))
    ]
    assert changed == [[0, 1], [1, 2]]


def test_attention_sees_all_positions() -> None:
    found = of(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), "N,T,8")[Kind.WIDENED]
    assert found.axes == ("T",)
    assert "self_attn" in found.layers[0]
    assert "all positions on T" in found.text


# ---------------------------------------------------------------------------- real models


def real(name: str, **options: Any) -> Analysis:
    pytest.importorskip("tests.torchvision_models")
    from torchvision import models

    with torch.device("meta"):
        return analyze(getattr(models, name)(**options).eval(), "N,3,H,W")


def test_resnet50() -> None:
    analysis = real("resnet50")
    analysis.layers[-1].receptive_field.extents  # noqa: B018  # the walk itself is timed elsewhere
    start = time.perf_counter()
    (found,) = remarks(analysis)
    assert time.perf_counter() - start < 0.2
    assert (found.kind, found.layers) == (Kind.WIDENED, ("avgpool",))
    assert found.numbers["before"] == 427


def test_densenet121_is_off_centre_and_aligned() -> None:
    found = of(real("densenet121"))
    assert set(found) == {Kind.OFF_CENTRE, Kind.WIDENED}
    shift = found[Kind.OFF_CENTRE]
    assert shift.layers[0] == "features.transition1.pool"
    assert (shift.numbers["stride"], shift.numbers["centre"]) == (8, 2)
    assert (shift.numbers["stride at the end"], shift.numbers["centre at the end"]) == (32, 14)


def test_convnext_loses_what_its_patches_do_not_fit() -> None:
    analysis = real("convnext_tiny")
    found = of(analysis)[Kind.UNSEEN]
    assert found.layers == ("features.0.0",)
    assert found.text.startswith(
        "seen by no output: the last H mod 4 rows, the last W mod 4 columns; "
    )
    at = {r.kind: r for r in remarks(analysis, {"H": 230, "W": 224})}
    assert dict(at[Kind.UNSEEN].numbers) == {"H": (228, 229)}
    assert at[Kind.LARGER].layers[0].startswith("features.4")
    assert Kind.UNSEEN not in {r.kind for r in remarks(analysis, {"H": 236, "W": 224})}


def test_vit_takes_no_size_that_does_not_fit() -> None:
    found = of(real("vit_b_32"))
    assert set(found) == {Kind.WIDENED}
    assert "self_attention" in found[Kind.WIDENED].layers[0]


def test_the_state_of_a_recurrent_net_sees_all_steps() -> None:
    one_way = of(nn.LSTM(8, 4, batch_first=True), "N,T,8")[Kind.WIDENED]
    assert one_way.text.startswith("output 1 of lstm (LSTM) is the first op of which")


def test_every_input_has_remarks_of_its_own() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near, self.far = conv(1, stride=2), conv(3, stride=2, padding=1)

        def forward(self, image: Tensor, depth: Tensor) -> Tensor:
            return self.near(image) + self.far(depth)

    (gaps, lost) = remarks(analyze(Two(), "N,1,H,W", "N,1,H,W"))
    assert (gaps.input, lost.input) == ("image", "image")
    assert lost.text.startswith("on image, seen by no output: every second row")


@pytest.mark.slow
def test_swin_loses_what_its_patches_do_not_fit() -> None:
    listed = remarks(real("swin_t"))
    (found,) = (remark for remark in listed if remark.kind is Kind.UNSEEN)
    assert found.layers == ("features.0.0",)
    assert "the last H mod 4 rows, the last W mod 4 columns" in found.text
    assert Kind.MISALIGNED not in {remark.kind for remark in listed}


def test_inception_v3_fits_its_own_size() -> None:
    analysis = real("inception_v3", init_weights=False)
    assert Kind.UNSEEN in of(analysis)
    assert Kind.UNSEEN not in {r.kind for r in remarks(analysis, {"H": 299, "W": 299})}


# ---------------------------------------------------------------------------- printed


def test_the_command_prints_them(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def net():\n"
        "    return nn.Sequential(nn.Conv2d(1, 1, 4, stride=4), nn.Conv2d(1, 1, 3))\n"
    )
    command = ["field", f"{tmp_path / 'net.py'}:net", "--input", "N,1,H,W"]
    run = CliRunner().invoke
    text = run(main, command).stdout
    assert "what stands out\n  - unseen: seen by no output: the last " in text
    markdown = run(main, [*command, "--format", "markdown"]).stdout
    assert "## What stands out\n\n- unseen: seen by no output" in markdown
    document = json.loads(run(main, [*command, "--format", "json", "--size", "30x28"]).stdout)
    jsonschema.validate(document, FIELDS)
    (lost,) = (remark for remark in document["remarks"] if remark["kind"] == "unseen")
    assert lost["numbers"] == {"H": [28, 29]}
    assert lost["layers"] == ["0"]
    pixel = run(main, [*command, "--pixel", "3,3", "--size", "30x28", "--format", "json"]).stdout
    assert json.loads(pixel)["remarks"] == []
