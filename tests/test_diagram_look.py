"""A picture is held to what a reader sees: nothing overlaps, nothing is clipped, wires keep clear."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from shapecalc import analyze
from shapecalc.errors import BackendError
from shapecalc.render.diagram import boxes, engine, raster
from shapecalc.render.diagram.layout import Point
from shapecalc.render.diagram.picture import Options, Picture
from shapecalc.render.diagram.scene import Frame, Scene, Wire
from shapecalc.render.diagram.themes import THEMES
from shapecalc.target import load_target
from tests import pictures, torchvision_models

EXAMPLES = Path(__file__).parent.parent / "examples"
SVG = "{http://www.w3.org/2000/svg}"


class Pyramid(nn.Module):
    """Lateral connections, a head that is called at every level, several outputs."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64)
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, 2, 1), nn.ReLU())
            for i, o in zip((3, *widths), widths, strict=False)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, 16, 1) for width in widths)
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, x):
        maps = []
        for down in self.down:
            x = down(x)
            maps.append(x)
        x = self.lateral[2](maps[2])
        outputs = [self.head(x)]
        for level in (1, 0):
            x = nn.functional.interpolate(x, size=maps[level].shape[-2:])
            x = x + self.lateral[level](maps[level])
            outputs.append(self.head(x))
        return outputs


class Dense(nn.Module):
    """Every layer receives what all layers before it made."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3 + 4 * n, 4, 1) for n in range(9))

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


class Wide(nn.Module):
    """A name and a setting that are longer than any box."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("a_long_name" * 8, nn.LayerNorm([2] * 30))

    def forward(self, x):
        return self.get_submodule("a_long_name" * 8)(x).reshape(-1), *[
            x[..., n] for n in range(2)
        ] * 5


MODELS = {
    "lenet": lambda: (str(EXAMPLES / "lenet.yaml"), ()),
    "unet": lambda: (load_target(f"{EXAMPLES}/unet.py:UNet").model, ("N,3,H,W",)),
    "pyramid": lambda: (Pyramid(), ("N,3,H,W",)),
    "dense": lambda: (Dense(), ("N,3,H,W",)),
    "wide": lambda: (Wide(), (",".join(["N", *["2"] * 30]),)),
}
IMAGES = ("resnet18", "inception_v3", "swin_t", "vit_b_16", "densenet121", "mobilenet_v3_small",
          "googlenet")  # fmt: skip


def analysis(name: str):
    with torch.device("meta"), warnings.catch_warnings():
        if name in MODELS:
            model, inputs = MODELS[name]()
        else:
            warnings.simplefilter("ignore")  # torchvision's own, of its initial weights
            model, inputs = getattr(torchvision_models, name)().eval(), ("N,3,H,W",)
    return analyze(model, *inputs)


CASES = [
    *((name, None, "TB") for name in (*MODELS, *IMAGES)),
    *((name, None, "LR") for name in ("lenet", "unet", "pyramid", "dense", "resnet18", "vit_b_16")),
    *((name, 3, "TB") for name in ("unet", "pyramid", "resnet18", "vit_b_16", "googlenet")),
    *((name, 3, "LR") for name in ("unet", "resnet18")),
    pytest.param("densenet121", 3, "TB", marks=pytest.mark.slow),
    pytest.param("inception_v3", 3, "TB", marks=pytest.mark.slow),
    pytest.param("swin_t", 5, "TB", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def drawn():
    analyses = {}

    def draw(name: str, depth: int | None, direction) -> Picture:
        if name not in analyses:
            analyses[name] = analysis(name)
        return Picture.of(analyses[name], Options(depth=depth, direction=direction))

    return draw


def around(outer: Frame, inner: Frame) -> bool:
    """Tell whether a frame holds another one, to a pixel."""
    return (
        outer.x <= inner.x + 1
        and outer.y <= inner.y + 1
        and inner.x + inner.width <= outer.x + outer.width + 1
        and inner.y + inner.height <= outer.y + outer.height + 1
    )


def apart(a: Frame, b: Frame) -> bool:
    return (
        a.x + a.width <= b.x + 1
        or b.x + b.width <= a.x + 1
        or a.y + a.height <= b.y + 1
        or b.y + b.height <= a.y + 1
    )


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_frames_lie_apart_or_within_an_open_one(drawn, name, depth, direction) -> None:
    scene = drawn(name, depth, direction).scene()
    for a, b in combinations(scene.frames, 2):
        nested = (a.open and around(a, b)) or (b.open and around(b, a))
        assert apart(a, b) or nested, f"{a.node.path} overlaps {b.node.path}"
    for frame in scene.frames:
        assert frame.x >= -1
        assert frame.x + frame.width <= scene.width + 1
        assert frame.y + frame.height <= scene.height + 1


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_lines_fit_their_boxes(drawn, name, depth, direction) -> None:
    for frame in drawn(name, depth, direction).scene().frames:
        assert max(line.width for line in frame.box.lines) <= frame.width - 6
        tall = sum(line.ascent + line.descent for line in frame.box.lines)
        assert frame.open or tall <= frame.height - 8


def along(wire: Wire) -> Iterator[Point]:
    """Yield points of a cubic Bezier spline."""
    points = wire.route.points
    for a, b, c, d in zip(points[::3], points[1::3], points[2::3], points[3::3], strict=False):
        for n in range(9):
            t = n / 8
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            x, y = (
                sum(w * p[k] for w, p in zip(weights, (a, b, c, d), strict=True)) for k in (0, 1)
            )
            yield x, y


def crossed(scene: Scene) -> Iterator[str]:
    """Yield the wires that pass through a box, and what that box is."""
    closed = [frame for frame in scene.frames if not frame.open]
    for wire in scene.wires:
        for x, y in along(wire):
            for frame in closed:
                inside_x = frame.x + 4 < x < frame.x + frame.width - 4
                if inside_x and frame.y + 4 < y < frame.y + frame.height - 4:
                    yield f"{wire.edge.tail} -> {wire.edge.head} through {frame.node.path}"


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_wires_pass_beside_boxes(drawn, name, depth, direction) -> None:
    assert not list(crossed(drawn(name, depth, direction).scene()))


@pytest.mark.parametrize("name", ["resnet18", "inception_v3", "swin_t", "vit_b_16", "unet"])
def test_a_picture_fits_a_page(drawn, name) -> None:
    scene = drawn(name, None, "TB").scene()
    assert scene.height <= 2.3 * scene.width
    assert scene.height < 1200


def test_the_ends_of_a_skip_of_a_unet_stand_side_by_side(drawn) -> None:
    scene = drawn("unet", None, "TB").scene()
    middles = {f.node.id: f.y + f.height / 2 for f in scene.frames}
    skips = [wire for wire in scene.wires if wire.edge.skip]
    assert len(skips) == 4
    for wire in skips:
        assert middles[wire.edge.tail] == pytest.approx(middles[wire.edge.head])


def test_merges_and_reuse_are_told_by_a_sign(drawn) -> None:
    def lines(name: str) -> list[str]:
        root = ElementTree.fromstring(drawn(name, 3, "TB").svg())
        return ["".join(text.itertext()).replace("\xa0", "") for text in root.iter(f"{SVG}text")]

    assert "+add" in lines("pyramid")
    assert "∥cat_1" in lines("dense")
    assert "↻ call 2 of 3, the same weights" in lines("pyramid")
    assert not [line for line in lines("lenet") if line[0] in "+∥↻"]


@pytest.mark.parametrize("drawing", pictures.DRAWINGS, ids=lambda drawing: drawing.name)
def test_pictures_of_the_examples_say_what_is_drawn_today(drawing) -> None:
    kept = (pictures.PICTURES / f"{drawing.name}.svg").read_text(encoding="utf-8")
    told = list(pictures.words(pictures.drawn(drawing)))
    assert list(pictures.words(kept)) == told, "python -m tests.pictures"


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MEASURE = """<script>
document.title = "measured"; const wide = [];
for (const node of document.querySelectorAll("g.node:not(.open)")) {
  const box = [...node.querySelectorAll("rect")].map(r => r.getBoundingClientRect()).sort((a, b) => b.width - a.width)[0];
  for (const text of node.querySelectorAll("text, g.formula")) {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    if (left < box.left || right > box.right || top < box.top - 1 || bottom > box.bottom + 3)
      wide.push(text.textContent || text.getAttribute("aria-label"));
  }
}
const out = document.createElement("pre"); out.id = "out";
out.textContent = JSON.stringify({count: document.querySelectorAll("text").length, wide});
document.body.replaceChildren(out);
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("theme", ["light", "paper"])
def test_chromium_clips_no_text(tmp_path, theme) -> None:
    figures = []
    for name in ("lenet", "unet", "pyramid", "wide", "resnet18"):
        figures.append(Picture.of(analysis(name), Options(theme=theme, depth=3)).svg())
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><body>{''.join(figures)}{MEASURE}", encoding="utf-8")
    shown = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"file://{page}"],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = json.loads(shown.partition('<pre id="out">')[2].partition("</pre>")[0])
    assert found["count"] > 100
    assert found["wide"] == []


def test_a_notebook_shows_the_table_and_the_picture(monkeypatch) -> None:
    found = analysis("lenet")
    shown = found._repr_mimebundle_()
    assert shown["text/plain"] == str(found)
    assert "<svg " in shown["text/html"]
    assert "AvgPool2d" in shown["text/html"]

    def missing(sources):
        raise BackendError("drawing needs Graphviz")

    monkeypatch.setattr(engine, "layouts", missing)
    shown = found._repr_mimebundle_()
    assert "<svg " not in shown["text/html"]
    assert "AvgPool2d" in shown["text/html"]
    assert "drawing needs Graphviz" in shown["text/html"]


def test_the_names_of_a_model_are_escaped_in_a_notebook() -> None:
    model = nn.Sequential()
    model.add_module("<script>alert(1)</script>", nn.ReLU())
    assert "<script" not in analyze(model, "N,3")._repr_mimebundle_()["text/html"]


def test_pictures_on_one_page_do_not_take_formulas_from_each_other() -> None:
    paths: dict[str, str] = {}
    for name in ("unet", "pyramid", "resnet18"):
        svg = Picture.of(analysis(name), Options()).svg()
        for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
            if "id" in path.attrib:
                assert paths.setdefault(path.attrib["id"], path.attrib["d"]) == path.attrib["d"]
    assert len(paths) > 10


def test_long_sentences_below_a_picture_are_broken() -> None:
    words = " ".join(["holds", "for"] * 60)
    lines = list(boxes.broken(words, 300.0))
    assert len(lines) > 5
    assert " ".join(line.strip() for line in lines) == words
    assert all(boxes.Word(line, boxes.SMALL, "quiet").width <= 310 for line in lines)


def test_a_picture_too_large_for_a_png_is_refused() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="90000"/>'
    with pytest.raises(BackendError, match="the picture is 2000 x 90000 pixels"):
        raster.png(svg, THEMES["light"])
