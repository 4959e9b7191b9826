"""The interactive diagram in a real browser: it folds without overlaps and says what is known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import shapecalc
from shapecalc.render.diagram import html
from shapecalc.render.diagram.picture import Options, Picture
from shapecalc.render.diagram.words import says
from shapecalc.render.page.contents import first_sizes
from shapecalc.render.rows import shape_at
from tests import torchvision_models
from tests.browser import Opened, chromium


class Hostile(nn.Module):
    """Has names that would like to be markup, and a module that folds."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("<script>alert(1)</script>", nn.Conv2d(3, 4, 3))
        inner = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU())
        self.add_module("</template></svg><img src=x onerror=alert(2)>", inner)
        self.add_module("\"'&lt;${alert(3)}", nn.ReLU())

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            assert module is not None
            x = module(x)
        return x


MODELS = {
    "resnet50": lambda: shapecalc.analyze(torchvision_models.resnet50()),
    "unet": lambda: shapecalc.analyze("examples/unet.yaml"),
    "inception": lambda: shapecalc.analyze(
        torchvision_models.inception_v3(weights=None, aux_logits=False, init_weights=False)
    ),
    "swin": lambda: shapecalc.analyze(torchvision_models.swin_t()),
    "vit": lambda: shapecalc.analyze(torchvision_models.vit_b_16()),
    "densenet": lambda: shapecalc.analyze(torchvision_models.densenet201()),
}
SLOW = {"swin", "vit", "densenet"}
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in MODELS]
QUICK = {("resnet50", "TB"), ("unet", "LR")}  # of the layouts: the others take minutes
LAYOUTS = [
    (name, way) if (name, way) in QUICK else pytest.param(name, way, marks=pytest.mark.slow)
    for name in MODELS
    for way in ("TB", "LR")
    if (name, way) != ("densenet", "LR")
]


@cache
def analysis_of(name: str) -> shapecalc.Analysis:
    return MODELS[name]()


def written(analysis: shapecalc.Analysis, file: Path, **options: Any) -> Path:
    file.write_text(html.document(picture_of(analysis, **options)), encoding="utf-8")
    return file


def picture_of(analysis: shapecalc.Analysis, **options: Any) -> Picture:
    return Picture.of(analysis, Options(folds=True, sizes=first_sizes(analysis), **options))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Return a function that opens the diagram of a model; in the end nothing was complained of."""
    pages: list[Opened] = []

    def open_(analysis: shapecalc.Analysis, **options: Any) -> Any:
        file = written(analysis, tmp_path / f"{len(pages)}.html", **options)
        pages.append(Opened(browser, file, reduced_motion="reduce"))
        return pages[-1].page

    yield open_
    for page in pages:
        assert page.complaints == []
        assert page.dialogs == []
        assert len(page.requests) == 1
        page.context.close()


# ---------------------------------------------------------------------------- where things lie

LAYOUT = """() => {
  const corner = (group) => group.getAttribute("transform").match(/[-\\d.]+/g).map(Number);
  const nodes = [...document.querySelectorAll(".diagram .node")].map((group) => {
    const halo = group.querySelector(".halo");
    const [x, y] = corner(group);
    return {path: group.dataset.path, number: Number(group.dataset.number), x, y,
            level: Number(group.getAttribute("aria-level")), open: group.classList.contains("open"),
            width: Number(halo.getAttribute("width")), height: Number(halo.getAttribute("height"))};
  });
  const struck = [];  // wires through boxes that are not their ends
  const closed = nodes.filter(({open}) => !open);
  for (const group of document.querySelectorAll("[data-part=wires] > g")) {
    const line = group.querySelector(".line");
    const ends = [group.dataset.tail, group.dataset.head].map(Number);
    const long = line.getTotalLength();
    const count = Math.min(400, Math.ceil(long / 4));
    for (let n = 0; n <= count; n++) {
      const {x, y} = line.getPointAtLength((long * n) / count);
      const hit = closed.find((node) => node.x + 1 < x && x < node.x + node.width - 1 && node.y + 1 < y && y < node.y + node.height - 1);
      if (hit && !ends.includes(hit.number)) struck.push([hit.path, ends]);
    }
  }
  return {nodes, struck};
}"""


def check_layout(layout: Any) -> None:
    """Assert that siblings lie apart, modules hold what is in them, and wires pass boxes by."""
    around: list[Any] = []
    siblings: dict[int | None, list[Any]] = {}
    for node in layout["nodes"]:
        around = [outer for outer in around if outer["level"] < node["level"]]
        if around:
            assert inside(node, around[-1]), (node, around[-1])
        assert len(around) == node["level"] - 1
        siblings.setdefault(around[-1]["number"] if around else None, []).append(node)
        if node["open"]:
            around.append(node)
    for level in siblings.values():
        for n, one in enumerate(level):
            for other in level[n + 1 :]:
                assert apart(one, other), (one, other)
    assert layout["struck"] == []


def inside(node: Any, outer: Any) -> bool:
    return all(
        outer[at] - 0.2 <= node[at] and node[at] + node[long] <= outer[at] + outer[long] + 0.2
        for at, long in (("x", "width"), ("y", "height"))
    )


def apart(one: Any, other: Any) -> bool:
    return any(
        one[at] + one[long] <= other[at] + 0.2 or other[at] + other[long] <= one[at] + 0.2
        for at, long in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize(("name", "direction"), LAYOUTS)
def test_nothing_overlaps_whatever_is_folded(opened: Any, name: str, direction: str) -> None:
    page = opened(analysis_of(name), direction=direction)
    numbers = random.Random(11)
    check_layout(page.evaluate(LAYOUT))
    for _ in range(8):
        for _ in range(4):
            folds = page.query_selector_all(".node.folds .badge, .node .chip")
            numbers.choice(folds).dispatch_event("click")
        check_layout(page.evaluate(LAYOUT))
    for part in ("unfold", "fold", "deeper"):
        page.click(f"[data-part={part}]")
        check_layout(page.evaluate(LAYOUT))


# ---------------------------------------------------------------------------- what is said

SAID = """() => [...document.querySelectorAll(".diagram .node:not(.open)")].map((group) => [
  group.dataset.path,
  [...group.querySelectorAll(".formula")].map((line) => line.getAttribute("aria-label")),
  [...group.querySelectorAll(".value")].map((line) => line.textContent)])"""


def shapes_of(analysis: shapecalc.Analysis) -> dict[str, list[Any]]:
    """Return the shapes that ops of a name produce, as the analysis has them."""
    found: dict[str, list[Any]] = {}
    for layer in analysis.graph.layers:
        found.setdefault(layer.name, []).extend(layer.out_shapes)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_formulas_and_numbers_are_those_of_the_analysis(opened: Any, name: str) -> None:
    analysis = analysis_of(name)
    page = opened(analysis)
    page.click("[data-part=unfold]")
    shapes, names = shapes_of(analysis), picture_of(analysis).look.names
    for sizes in ({"N": 3, "H": 224, "W": 256}, {"N": 1, "H": 320, "W": 224}):
        holds = analysis.graph.holds(sizes)
        for label, size in sizes.items():
            page.fill(f"[data-part=sizes] input[name={label}]", str(size))
        compared = 0
        for path, formulas, values in page.evaluate(SAID):
            known = shapes.get(path, [])
            for formula in formulas if known else ():
                assert formula in {says(shape, names) for shape in known}, path
            for value in values if known else ():
                compared += 1
                here = {str(shape_at(shape, sizes)) for shape in known} if holds else {"—"}
                assert value in here, path
        assert compared > 20
        verdict = page.text_content("[data-part=sizes] output")
        assert verdict == ("" if holds else "the formulas do not hold at these sizes")


def test_no_number_is_shown_where_the_formulas_do_not_hold(opened: Any) -> None:
    page = opened(analysis_of("unet"))
    page.fill("[data-part=sizes] input[name=H]", "225")
    assert {text for *_, values in page.evaluate(SAID) for text in values} == {"—"}
    page.fill("[data-part=sizes] input[name=H]", "224.5")
    assert {text for *_, values in page.evaluate(SAID) for text in values} == {"—"}
    page.fill("[data-part=sizes] input[name=H]", "64")
    assert "—" not in {text for *_, values in page.evaluate(SAID) for text in values}


# ---------------------------------------------------------------------------- by hand

NODE = ".diagram .node[data-path='{}']"


def paths(page: Any) -> list[str]:
    return page.eval_on_selector_all(".diagram .node", "all => all.map(n => n.dataset.path)")


def test_modules_fold_by_mouse_and_by_keyboard(opened: Any) -> None:
    page = opened(analysis_of("resnet50"))
    block = NODE.format("layer1.0")
    assert page.get_attribute(block, "aria-expanded") == "false"
    page.click(block)
    assert page.get_attribute(block, "aria-expanded") == "true"
    assert page.get_attribute(block, "aria-selected") == "true"
    assert "layer1.0.conv1" in paths(page)
    page.keyboard.press("Enter")  # the focus is where the click was
    assert page.get_attribute(block, "aria-expanded") == "false"
    assert "layer1.0.conv1" not in paths(page)
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(block, "aria-expanded") == "true"
    page.keyboard.press("ArrowRight")
    focused = "() => document.activeElement.dataset.path"
    assert page.evaluate(focused).startswith("layer1.0.")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == "layer1.0"
    page.keyboard.press(" ")
    assert page.get_attribute(block, "aria-expanded") == "false"
    assert page.locator(".diagram .node[tabindex='0']").count() == 1
    page.keyboard.press("Home")
    assert page.evaluate(focused) == paths(page)[0]


def test_a_run_shows_one_for_all_or_all_of_its_members(opened: Any) -> None:
    page = opened(analysis_of("resnet50"))
    run = "layer3.1 … layer3.5"
    page.focus(NODE.format(run))
    page.keyboard.press("Enter")
    assert "layer3.1.conv1" in paths(page)
    assert "layer3.2" not in paths(page)
    page.click(f"{NODE.format(run)} .chip")
    assert {f"layer3.{n}" for n in range(1, 6)} <= {*paths(page)}
    page.keyboard.press("a")
    assert "layer3.2" not in paths(page)


def test_all_of_it_unfolds_and_folds(opened: Any) -> None:
    analysis = analysis_of("resnet50")
    page = opened(analysis)
    page.click("[data-part=unfold]")
    shown = {*paths(page)}
    assert {layer.name for layer in analysis.graph.layers} <= shown
    page.click("[data-part=fold]")
    assert page.locator(".diagram .node.open").count() == 0
    assert page.text_content("[data-part=depth]") == "depth 1"
    page.click("[data-part=deeper]")
    assert page.text_content("[data-part=depth]") == "depth 2"
    assert page.locator(".diagram .node.open").count() == 4


def test_search_unfolds_and_centres_what_it_finds(opened: Any) -> None:
    page = opened(analysis_of("resnet50"))
    page.keyboard.press("/")
    page.keyboard.type("layer3.4.conv2")  # within a run of layers that are alike
    found = page.locator(".node.match")
    assert found.count() == 1
    assert page.text_content("[data-part=found]") == "1 of 1"
    box, stage = found.bounding_box(), page.locator("[data-part=stage]").bounding_box()
    assert abs(box["x"] + box["width"] / 2 - stage["x"] - stage["width"] / 2) < 12
    assert abs(box["y"] + box["height"] / 2 - stage["y"] - stage["height"] / 2) < 12
    page.keyboard.press("Escape")
    assert page.locator(".node.match").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("maxpool")
    page.keyboard.press("Enter")
    assert page.text_content("[data-part=card] h3") == "maxpool"
    page.fill("[data-part=search]", "no such layer")
    assert page.text_content("[data-part=found]") == "nothing"


def scale(page: Any) -> float:
    return float(page.text_content("[data-part=zoom]").removesuffix("%"))


def test_zoom_and_pan(opened: Any) -> None:
    page = opened(analysis_of("resnet50"))
    start = scale(page)
    place = "() => document.querySelector('[data-part=camera]').getAttribute('transform')"
    page.keyboard.press("-")
    assert scale(page) < start
    page.keyboard.press("+")
    assert scale(page) == pytest.approx(start, abs=1)
    page.mouse.move(600, 500)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    assert scale(page) > start
    page.keyboard.press("0")
    before, nodes = page.evaluate(place), paths(page)
    box = page.locator(NODE.format("layer1.0")).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=4)
    page.mouse.up()
    assert page.evaluate(place) != before
    assert paths(page) == nodes, "a drag is no click"
    after = page.evaluate(place)
    page.focus("[data-part=stage]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(place) != after


def test_wires_of_a_node_are_brought_out(opened: Any) -> None:
    page = opened(analysis_of("resnet50"))
    page.hover(NODE.format("maxpool"))
    ends = page.eval_on_selector_all(
        "[data-part=wires] .hot", "all => all.map(g => [g.dataset.tail, g.dataset.head])"
    )
    number = page.get_attribute(NODE.format("maxpool"), "data-number")
    assert len(ends) == 2
    assert all(number in pair for pair in ends)


def test_names_stay_text(opened: Any) -> None:
    page = opened(shapecalc.analyze(Hostile(), "N,3,H,W"))
    page.click("[data-part=unfold]")
    assert "<script>alert(1)</script>" in paths(page)
    page.focus(".diagram .node[aria-expanded]")
    page.keyboard.press("Enter")
    assert page.text_content("[data-part=card] h3").startswith("</template></svg><img")
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2  # the data and the one that runs


def test_it_is_light_and_dark(opened: Any) -> None:
    page = opened(analysis_of("unet"))
    ground = "() => getComputedStyle(document.querySelector('.diagram')).backgroundColor"
    light = page.evaluate(ground)
    page.click("[data-part=theme]")
    assert page.evaluate(ground) != light
    page.click("[data-part=theme]")
    assert page.evaluate(ground) == light


def test_it_opens_at_once_and_is_small(browser: Any, tmp_path: Path) -> None:
    shown = Opened(browser, written(analysis_of("resnet50"), tmp_path / "resnet50.html"))
    assert shown.painted() < 1000
    assert shown.page.evaluate("() => document.documentElement.outerHTML.length") < 2_000_000
    assert shown.complaints == []
    shown.context.close()


@pytest.mark.slow
def test_a_large_model_unfolds_in_seconds(opened: Any) -> None:
    page = opened(analysis_of("densenet"))
    assert page.locator(".diagram .node").count() < 300  # what is folded is made when it is seen
    took = page.evaluate("""() => {
      const began = performance.now();
      document.querySelector("[data-part=unfold]").click();
      return performance.now() - began;
    }""")
    assert page.locator(".diagram .node").count() > 700
    assert took < 4000


# ---------------------------------------------------------------------------- in the report


def test_the_diagram_and_the_report_choose_together(browser: Any, tmp_path: Path) -> None:
    analysis = analysis_of("resnet50")
    analysis.report(tmp_path / "report.html")
    report = Opened(browser, tmp_path / "report.html", reduced_motion="reduce")
    page = report.page
    page.click(NODE.format("maxpool"))
    assert page.text_content("#detail-name") == "maxpool"
    page.click(NODE.format("layer1.1 … layer1.2"))  # a run is known by its first member
    assert page.text_content("#detail-name") == "layer1.1"
    assert page.text_content("[data-part=card] h3") == "layer1.1 … layer1.2"
    report.select("layer2.3.conv2")
    assert page.get_attribute(NODE.format("layer2.3.conv2"), "aria-selected") == "true"
    report.type(N=2, H=64, W=96)
    shown = {path: values for path, _, values in page.evaluate(SAID)}
    assert shown["conv1"] == ["(2, 64, 32, 48)"]
    page.fill("#boxes input[name=H]", "")
    shown = {path: values for path, _, values in page.evaluate(SAID)}
    assert shown["conv1"] == ["—"]
    page.click("#diagram [data-part=search]")
    page.keyboard.press("Escape")
    page.keyboard.press("/")  # within the diagram, its own search
    assert page.evaluate("() => document.activeElement.dataset.part") == "search"
    assert report.complaints == []
    report.context.close()


def test_the_page_prints_whole(browser: Any, tmp_path: Path) -> None:
    analysis_of("resnet50").draw(tmp_path / "print.html", at={"H": 96})
    report = Opened(browser, tmp_path / "print.html")
    assert report.page.input_value("[data-part=sizes] input[name=H]") == "96"
    assert report.page.pdf(format="A4").startswith(b"%PDF")
    assert report.complaints == []
    report.context.close()
