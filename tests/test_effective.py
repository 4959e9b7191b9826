"""The effective receptive field: measured on real networks, drawn, and asked for from a shell."""

from __future__ import annotations

import io
from pathlib import Path

import numpy
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from torch import nn

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import InputError, RejectedInput
from shapecalc.render import heat_map
from shapecalc.render.canvas import ticks
from shapecalc.verify.effective import THRESHOLD, EffectiveField, effective_field


def of_ones(*layers: nn.Module) -> nn.Sequential:
    model = nn.Sequential(*layers)
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    return model


def box_of(kernel_size: int, dilation: int = 1) -> numpy.ndarray:
    box = numpy.zeros(dilation * (kernel_size - 1) + 1)
    box[::dilation] = 1
    return box


# ---------------------------------------------------------------------------- the heat


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel_sizes", [(3,), (5, 3), (3, 3, 3, 3), (4, 2, 7)])
def test_kernels_of_ones_give_a_convolution_of_boxes(
    kernel_sizes: tuple[int, ...], dilation: int
) -> None:
    """Luo et al., section 2: of a linear network it is the kernels convolved with one another."""
    model = of_ones(*(nn.Conv1d(1, 1, k, dilation=dilation) for k in kernel_sizes))
    found = effective_field(shapecalc.analyze(model), "", images=1, L=64)
    expected = numpy.ones(1)
    for kernel_size in kernel_sizes:
        expected = numpy.convolve(expected, box_of(kernel_size, dilation))
    ((low, high),) = found.box
    assert found.size == (len(expected),)
    assert found.heat[low : high + 1] == expected.tolist()
    assert found.heat[:low] + found.heat[high + 1 :] == [0] * (64 - len(expected))
    above = (expected > 0.0455 * expected.max()).sum()
    assert found.effective_size == pytest.approx(above)


def test_two_axes_are_an_outer_product() -> None:
    model = of_ones(
        nn.Conv2d(3, 2, (3, 5), padding=(1, 2)), nn.Conv2d(2, 4, (5, 3), padding=(2, 1))
    )
    found = effective_field(shapecalc.analyze(model), images=1, H=20, W=30)
    side = numpy.convolve(numpy.ones(3), numpy.ones(5))
    low_h, low_w = (low for low, _ in found.box)
    heat = numpy.array(found.heat)
    window = heat[low_h : low_h + 7, low_w : low_w + 7]
    # three channels in, two between and four out, each adding the same
    assert window == pytest.approx(3 * 2 * 4 * numpy.outer(side, side))
    assert heat.sum() == pytest.approx(window.sum())


def test_outputs_at_the_border_lose_what_is_padding() -> None:
    model = of_ones(nn.Conv1d(1, 1, 5, padding=2))
    found = effective_field(shapecalc.analyze(model), at=(0,), images=1, L=10)
    assert found.box == ((-2, 2),)
    assert found.heat == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert found.inside == pytest.approx(1)


def test_a_stride_moves_the_field() -> None:
    model = of_ones(nn.Conv1d(1, 1, 3, stride=2), nn.Conv1d(1, 1, 3, stride=2))
    found = effective_field(shapecalc.analyze(model), at=(3,), images=1, L=31)
    assert found.box == ((12, 18),)
    assert found.heat[12:19] == [1, 1, 2, 1, 2, 1, 1]


class Many(nn.Module):
    """One convolution that is called three times, with a change in place after the last."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)
        self.end = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(self.conv(self.conv(x)))
        return self.end(x)


def test_of_a_module_that_is_called_often_the_last_call_counts() -> None:
    model = Many()
    nn.init.ones_(model.conv.weight)
    nn.init.constant_(model.conv.bias, -1e9)  # dead behind the activation, not before it
    analysis = shapecalc.analyze(model)
    found = effective_field(analysis, "conv", images=1, L=20)
    assert [n for n in found.heat if n] == [1, 3, 6, 7, 6, 3, 1]
    with pytest.raises(InputError, match=r"the gradient of end at .* is 0 for 3 random inputs"):
        effective_field(analysis, "end", images=3, L=20)


def test_a_unit_that_is_dead_on_one_image_is_seen_on_others() -> None:
    """A ReLU lets the gradient through on about half of the images, and the kernel appears."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 1, 9, bias=False), nn.ReLU())
    analysis = shapecalc.analyze(model)
    dead = 0
    for sign in (1, -1):  # whatever the first image is, it is dead for one of the two
        nn.init.constant_(model[0].weight, sign)
        try:
            effective_field(analysis, "1", images=1, L=9)
        except InputError:
            dead += 1
        many = effective_field(analysis, "1", images=16, L=9).tensor
        assert many.tolist() == pytest.approx([float(many[0])] * 9)
        assert 0 < many[0] < 1
    assert dead == 1


def test_the_heat_is_a_mean() -> None:
    analysis = shapecalc.analyze(of_ones(nn.Conv1d(2, 1, 3)))
    one, several = (effective_field(analysis, images=images, L=9) for images in (1, 5))
    assert one.heat == several.heat == [0, 0, 0, 2, 2, 2, 0, 0, 0]


class Branches(nn.Module):
    """A little of all that networks have."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 5, 2, 2), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        )
        self.a = nn.Conv2d(8, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.up = nn.ConvTranspose2d(16, 4, 2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(self.stem(x), 2)
        return self.up(torch.cat([self.a(x), self.b(x).relu_()], 1))


@pytest.mark.parametrize("layer", ["stem", "max_pool2d", "a", "b", "relu", "cat", "up"])
@pytest.mark.parametrize("at", [None, (0, 0), (3, 4)])
def test_nothing_is_outside_the_theoretical_window(layer: str, at: tuple[int, int] | None) -> None:
    torch.manual_seed(1)
    analysis = shapecalc.analyze(Branches())
    found = effective_field(analysis, layer, at, images=3, H=40, W=48)
    assert found.exact
    assert found.inside == pytest.approx(1, abs=1e-12)
    assert 0 < found.inside_half < 1
    assert found.effective_size <= found.theoretical_size


def test_half_the_box_has_the_same_centre() -> None:
    for size in range(1, 40):
        found = field_of(box=((3, 2 + size),))
        ((low, high),) = found.half
        assert low + high == 5 + size
        assert abs(high - low + 1 - size / 2) <= 1


def field_of(**changes: object) -> EffectiveField:
    values = {
        "model": "Net", "layer": "conv", "kind": "Conv1d", "output": (1,), "outputs": (4,),
        "input": "x", "axes": ("L",), "sizes": (50,), "box": ((3, 9),), "exact": True, "images": 1,
        "weights": "", "signed": False, "tensor": torch.arange(50.0),
    }  # fmt: skip
    return EffectiveField(**{**values, **changes})


def test_shares_are_of_the_sum() -> None:
    found = field_of(tensor=torch.tensor([1.0, 2, 3, 4]), sizes=(4,), box=((-2, 1),))
    assert found.inside == pytest.approx(0.3)
    assert found.half == ((-1, 0),)
    assert found.inside_half == pytest.approx(0.1)
    assert found.effective_size == 4
    assert pytest.approx(0.0455) == THRESHOLD


# ---------------------------------------------------------------------------- kinds of models


def test_a_sum_of_channels_that_is_constant_is_not_taken_for_blindness() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.Softmax(dim=1))
    found = effective_field(shapecalc.analyze(model), "1", images=4, H=12, W=12)
    assert found.signed
    assert found.inside == pytest.approx(1)
    assert not effective_field(shapecalc.analyze(model), "0", images=1, H=12, W=12).signed


class Tokens(nn.Module):
    """Patches, and a transformer over them."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(self.patches(x).flatten(2).transpose(1, 2))


def test_transformers() -> None:
    torch.manual_seed(0)
    analysis = shapecalc.analyze(Tokens(), "N,3,32,32")
    local = effective_field(analysis, "patches", (2, 5), images=1)
    assert local.box == ((8, 11), (20, 23))
    row = effective_field(analysis, "transpose", images=1)  # of 64 patches, one in the middle
    assert row.box == ((16, 19), (16, 19))
    assert row.inside == pytest.approx(1)
    whole = effective_field(analysis, "layer", (19,), images=3)
    assert whole.outputs == (64,)
    assert whole.box == ((0, 31), (0, 31))
    own = whole.tensor[8:12, 12:16].mean()  # patch 19 is in row 2, column 3
    assert own > 5 * whole.tensor.mean()
    assert whole.tensor.min() > 0


def test_three_axes() -> None:
    found = effective_field(shapecalc.analyze(of_ones(nn.Conv3d(1, 1, 3))), images=1, D=6, H=7, W=8)
    assert found.effective_size == pytest.approx(3)
    assert found.image[3][3:6] == [1, 1, 1]
    assert Image.open(io.BytesIO(heat_map.png(found))).format == "PNG"


class Two(nn.Module):
    """Numbers of words beside an image."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10, 4)
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, image: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        return self.conv(image) + self.words(words).mean(1)[:, :, None, None]


def test_several_inputs() -> None:
    analysis = shapecalc.analyze(Two(), "N,3,H,W", "N,T:int64")
    found = effective_field(analysis, "add", images=2, H=20, W=20)
    assert (found.input, found.sizes, found.size) == ("image", (20, 20), (3, 3))
    with pytest.raises(InputError, match="the input words is of type int64"):
        effective_field(analysis, "words", images=1, H=20, W=20)


class Whole(nn.Module):
    """A part that insists on float32, and a count of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(2))
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.conv(x.float())


def test_a_model_that_takes_no_float64() -> None:
    model = Whole()
    found = effective_field(shapecalc.analyze(model), images=2, H=20, W=20)
    assert model.calls.tolist() == [0, 0]
    assert found.inside == pytest.approx(1)
    assert found.size == (3, 3)


def test_a_lazy_model_stays_lazy() -> None:
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Conv2d(4, 4, 3))
    found = effective_field(shapecalc.analyze(model, "N,3,H,W"), images=2, H=20, W=20)
    assert found.size == (5, 5)
    assert found.inside == pytest.approx(1)
    assert isinstance(model[0], nn.LazyConv2d)


class Detached(nn.Module):
    """A part that no gradient gets through."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            y = self.conv(x)
        return (y + 1).argmax(1)


class Otherwise(nn.Module):
    """A model that is another one when it is traced."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if type(x) is torch.Tensor:
            x = x.relu().sqrt()
            if len(x) == 3:
                raise ValueError("not for real")
        return self.conv(x) * 2


def test_what_a_real_run_does_not_give() -> None:
    detached, otherwise = shapecalc.analyze(Detached()), shapecalc.analyze(Otherwise())
    for layer, why in (("argmax", "is not differentiable"), ("add", "has no gradient")):
        with pytest.raises(InputError, match=f"the output of {layer} {why}"):
            effective_field(detached, layer, H=20, W=20)
    with pytest.raises(InputError, match="a real run of the model does not come to mul"):
        effective_field(otherwise, "mul", H=20, W=20)
    assert effective_field(otherwise, "conv", H=20, W=20).size == (3, 3)  # found as a module
    with pytest.raises(InputError, match=r"cannot be run at .*: ValueError: not for real"):
        effective_field(otherwise, "conv", N=3, H=20, W=20)
    with pytest.raises(InputError, match="this machine cannot hold the tensors"):
        effective_field(otherwise, "conv", H=10**7, W=10**7)


def test_a_spec() -> None:
    spec = {"input": "N,1,H,W", "layers": [{"Conv2d": {"out_channels": 2, "kernel_size": 5}}]}
    found = effective_field(shapecalc.analyze(spec), images=1, H=20, W=20)
    assert found.size == (5, 5)
    assert found.inside == pytest.approx(1)


def test_the_model_is_left_as_it_was() -> None:
    model = Branches().train()
    handle = model.a.register_forward_hook(lambda *_: None)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.random.get_rng_state()
    effective_field(shapecalc.analyze(model), "up", images=2, H=32, W=32)
    assert torch.equal(random, torch.random.get_rng_state())
    assert torch.get_default_dtype() == torch.float32
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert list(model.a._forward_hooks) == [handle.id]


def test_defaults() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = effective_field(shapecalc.analyze(model), images=1)
    assert (found.layer, found.sizes, found.output) == ("1", (224, 224), (111, 111))
    fixed = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 14 * 14, 2))
    found = effective_field(shapecalc.analyze(fixed), images=1)
    assert (found.layer, found.sizes, found.output) == ("0", (16, 16), (7, 7))


def test_what_cannot_be_answered() -> None:
    analysis = shapecalc.analyze(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    with pytest.raises(InputError, match=r"there is no layer '00'; did you mean 0\?"):
        effective_field(analysis, "00")
    with pytest.raises(InputError, match="expected 2 indices, for an output of 8 x 8, got 1"):
        effective_field(analysis, "0", (3,), H=10, W=10)
    with pytest.raises(InputError, match="there is no output 8: the output is 8 x 8"):
        effective_field(analysis, "0", (3, 8), H=10, W=10)
    with pytest.raises(RejectedInput):
        effective_field(analysis, "0", H=2, W=10)
    whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(InputError, match="no layer sees less than the whole input"):
        effective_field(shapecalc.analyze(whole, "N,3,H,W"))
    meta = nn.Conv2d(3, 4, 3, device="meta")
    with pytest.raises(InputError, match="on the meta device"):
        effective_field(shapecalc.analyze(meta))


# ---------------------------------------------------------------------------- the picture


def test_the_picture_shows_the_heat_where_it_is() -> None:
    tensor = torch.zeros(20, 20)
    tensor[5, 15] = 1
    found = field_of(axes=("H", "W"), sizes=(20, 20), box=((0, 19), (0, 19)), tensor=tensor)
    image = Image.open(io.BytesIO(heat_map.png(found)))
    assert image.format == "PNG"
    assert image.size == (800, 96 + 560 + 166)
    side = 560 // 20
    centre = (92 + 15 * side + side // 2, 96 + 5 * side + side // 2)
    assert image.getpixel(centre) == (252, 253, 191)  # the brightest
    assert image.getpixel((centre[0] - side, centre[1])) == (0, 0, 4)  # the darkest
    assert image.getpixel((92 + 280, 96)) == (64, 200, 255)  # the window, at the border


def test_the_picture_of_one_axis() -> None:
    found = field_of(sizes=(50,), box=((-5, 60),))
    image = Image.open(io.BytesIO(heat_map.png(found)))
    assert image.size == (800, 96 + 320 + 166 + 25)  # one line more, for what is beyond


@pytest.mark.parametrize("layer", ["a" * 300, "\x1b[31m", "\u4f60\u597d", "<b>&", ""])
def test_names_of_any_kind_can_be_drawn(layer: str) -> None:
    found = field_of(layer=layer, axes=("\x1b",))
    assert Image.open(io.BytesIO(heat_map.png(found))).width == 800


@pytest.mark.parametrize("high", [1, 6, 7, 49, 223, 1000, 123456])
def test_ticks_are_few_and_round(high: int) -> None:
    marks = ticks(-0.5, high + 0.5)
    assert 1 <= len(marks) <= 8
    assert marks[0] == 0
    assert marks[-1] <= high


# ---------------------------------------------------------------------------- the command

NETS = """
import torch
from torch import nn

torch.manual_seed(3)
made = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))

def factory():
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 5, padding=2))
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["field", *arguments], catch_exceptions=False)


@pytest.fixture
def nets(tmp_path: Path) -> str:
    path = tmp_path / "nets.py"
    path.write_text(NETS)
    return str(path)


def test_the_command_draws_and_prints(nets: str, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run(
        f"{nets}:factory", "--effective", str(out), "--layer", "1", "--at", "7,9", "--size", "20x32"
    )
    assert result.exit_code == 0, result.output
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    said = {name: text.strip() for name, text in lines.items()}
    assert said["layer"] == "1 (Conv2d)"
    assert said["output"] == "(7, 9) of 20 x 32, counted from 0, all channels added"
    assert said["theoretical window"] == "7 x 7 pixels: H from 4 to 10, W from 6 to 12"
    assert said["inside half the window"].endswith("% of the gradient")
    assert said["weights"] == "initial, not trained: random, from seed 0"
    assert said["picture"] == str(out)
    first = out.read_bytes()
    assert Image.open(io.BytesIO(first)).width == 800
    again = run(
        f"{nets}:factory", "--effective", str(out), "--layer", "1", "--at", "7,9", "--size", "20x32"
    )
    assert again.exit_code == 0
    assert out.read_bytes() == first


def test_a_model_of_the_target_keeps_its_weights(nets: str, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run(f"{nets}:made", "--effective", str(out), "--size", "20x20")
    assert result.exit_code == 0, result.output
    assert f"as {nets}:made has them" in result.stdout
    assert "initial" not in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--effective", "out.svg"), "expected the name of a PNG file"),
        (("--effective", "out.png", "--layer", "nope"), "there is no layer 'nope'"),
        (("--effective", "out.png", "--at", "99,1", "--size", "20x20"), "there is no output 99"),
        (("--effective", "out.png", "--at", "x"), "--at 'x'"),
        (("--effective", "out.png", "--size", "big"), "--size 'big'"),
        (("--effective", "no/such/folder/out.png", "--size", "20x20"), "cannot write"),
        (("--effective", "out.png", "--pixel", "1,1", "--size", "20x20"), "--pixel"),
        (("--effective", "out.png", "--format", "json"), "--format"),
        (("--effective", "out.png", "--train"), "--train"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    nets: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(f"{nets}:made", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["nets.py"]
