"""The report in a real browser: what it computes is what the analysis says, and it stays at home."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import shapecalc
from shapecalc.receptive_field import receptive_fields
from shapecalc.receptive_field.at_sizes import output_sizes, window_at
from shapecalc.render.rows import rows, shape_at
from tests import torchvision_models
from tests.browser import Opened, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


class Branching(nn.Module):
    """Takes another path for large inputs, and wants columns in fours."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[3] % 4 == 0
        x = self.first(x)
        return self.second(x) if x.shape[2] > 40 else nn.functional.avg_pool2d(x, 2)


class Dilated(nn.Sequential):
    """Holes, padding that is read by padding, and windows that begin beyond the border."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 4, 3, dilation=2, padding=4),
            nn.Conv2d(4, 4, 3, stride=2, padding=3),
            nn.Conv2d(4, 4, 3, dilation=2, padding=2),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Conv2d(4, 2, 3, padding=2, padding_mode="circular"),
        )


class Counting(nn.Module):
    """Has a path for every number of rows, far more than a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(x.shape[2] // 4):
            x = self.conv(x)
        return x


class Crossed(nn.Module):
    """Adds two operands, of which one is padding on the right and the other at the bottom."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        right = nn.functional.pad(x, (0, 3, 1, 2))
        return right + nn.functional.pad(x, (2, 1, 0, 3))


class Hostile(nn.Module):
    """Has names that would like to be markup."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("<script>alert(1)</script>", nn.Conv2d(3, 4, 3))
        self.add_module("</script><img src=x onerror=alert(2)>", nn.Conv2d(4, 4, 3))
        self.add_module("__proto__ constructor", nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in self._modules.values():
            x = module(x)
        return x


MODELS = {
    "resnet18": lambda: shapecalc.analyze(torchvision_models.resnet18()),
    "shufflenet": lambda: shapecalc.analyze(torchvision_models.shufflenet_v2_x0_5()),
    "deeplab": lambda: shapecalc.analyze(
        torchvision_models.deeplabv3_resnet50(weights=None, weights_backbone=None)
    ),
    "densenet": lambda: shapecalc.analyze(torchvision_models.densenet121()),
    "convnext": lambda: shapecalc.analyze(torchvision_models.convnext_tiny()),
    "vit": lambda: shapecalc.analyze(torchvision_models.vit_b_16()),
    "unet": lambda: shapecalc.analyze("examples/unet.yaml"),
    "formula": lambda: shapecalc.analyze("examples/conv_formula.yaml"),
    "branching": lambda: shapecalc.analyze(Branching(), "N,3,H,W"),
    "dilated": lambda: shapecalc.analyze(Dilated(), "N,3,H,W"),
    "hostile": lambda: shapecalc.analyze(Hostile(), "N,3,H,W"),
}
SLOW = {"shufflenet", "deeplab", "densenet", "convnext"}
SIZES = [(224, 224), (97, 64), (33, 47), (226, 16)]


@cache
def analysis_of(name: str) -> shapecalc.Analysis:
    return MODELS[name]()


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in MODELS],
)
def opened(
    request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[shapecalc.Analysis, Opened]]:
    analysis = analysis_of(request.param)
    file = tmp_path_factory.mktemp("report") / "report.html"
    analysis.report(file)
    page = Opened(browser, file)
    yield analysis, page
    assert page.complaints == []
    assert page.dialogs == []
    assert page.requests == [file.as_uri()]
    page.context.close()


def choices(analysis: shapecalc.Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes, small ones for the parameters of a spec."""
    numbers = random.Random(7)
    for height, width in SIZES:
        known = {"N": 2, "H": height, "W": width}
        yield {name: known.get(name, numbers.randint(1, 4)) for name in analysis.symbols}


def test_shapes_and_verdicts_at_typed_sizes_are_those_of_the_analysis(
    opened: tuple[shapecalc.Analysis, Opened],
) -> None:
    analysis, page = opened
    accepted = 0
    for sizes in choices(analysis):
        page.type(**sizes)
        good = analysis.sizes.contains(**sizes)
        assert page.verdict == ("accepted" if good else "rejected"), sizes
        if not good:
            assert all(shapes == [] for _, shapes, _ in page.rows())
            continue
        accepted += 1
        here = replace(analysis, graph=analysis.at(**sizes).graph)
        expected = [
            (row.name or "model", [times(output, sizes) for output in row.outputs])
            for row in rows(here, depth=1000)
        ]
        assert [(name, shapes) for name, shapes, _ in page.rows()] == expected
    assert accepted


def times(output: Any, sizes: dict[str, int]) -> str:
    many = f"{output.times} × " if output.times > 1 else ""
    return f"{many}{shape_at(output.shape, sizes)}"


def test_verdicts_and_the_nearest_sizes_at_many_sizes(
    opened: tuple[shapecalc.Analysis, Opened],
) -> None:
    analysis, page = opened
    numbers = random.Random(3)
    for _ in range(6):
        sizes = {name: numbers.choice((1, 2, 3, 7, 16, 31, 40, 224)) for name in analysis.symbols}
        page.type(**sizes)
        good = analysis.sizes.contains(**sizes)
        assert page.verdict == ("accepted" if good else "rejected"), sizes
        near = page.page.query_selector("#verdict button")
        if near is not None:
            assert not good
            text = near.text_content()
            near.click()
            assert page.verdict == "accepted"
            there = {name: int(page.page.input_value(f"input[name={name}]")) for name in sizes}
            nearest = analysis.sizes.nearest(**sizes)
            assert distance(there, sizes) == distance(nearest, sizes), text


def distance(one: dict[str, int], other: dict[str, int]) -> int:
    return sum(abs(one[name] - other[name]) for name in one)


def test_the_field_of_every_element_asked_for_is_that_of_the_analysis(
    opened: tuple[shapecalc.Analysis, Opened],
) -> None:
    analysis, page = opened
    numbers, compared = random.Random(5), 0
    for sizes in choices(analysis):
        if not analysis.sizes.contains(**sizes):
            continue
        page.type(**sizes)
        graph = analysis.at(**sizes).graph
        for layer in numbers.sample(graph.layers, min(len(graph.layers), 6)):
            found = [layer.name == other.name for other in graph.layers]
            field = next(iter(receptive_fields(layer).values()), None)
            if sum(found) > 1 or field is None:
                continue
            page.select(layer.name)
            if page.page.text_content("#detail-name") != layer.name:
                continue  # an op within a layer of torch, which is one row
            counts = output_sizes(field, sizes)
            places = ([0] * len(counts), [n - 1 for n in counts], [n // 3 for n in counts])
            for place in places if min(counts, default=1) else ():
                compared += compare(page, field, place, sizes)
    assert compared >= 6


def compare(page: Opened, field: Any, place: list[int], sizes: dict[str, int]) -> bool:
    """Compare what the page says of an element with the analysis; where it says nothing, False."""
    for axis, index in enumerate(place):
        box = page.page.query_selector(f"#element input[data-axis='{axis}']")
        if box is None:
            assert field.bounds, "the page has no box for an axis along which the field moves"
            return False
        box.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('change')); }", str(index))
    said = page.page.evaluate("() => ({...document.getElementById('seen').dataset})")
    expected = {w.axis: list(w.seen) for w in window_at(field, place, sizes)}
    if not all(expected.values()):  # padding alone on one axis: nothing is seen
        expected = {name: [] for name in expected}
    seen = json.loads(said["field"]) or {name: [] for name in expected}
    if said["bound"] == "true":
        assert all(set(expected[name]) <= set(seen[name]) for name in expected)
        return False
    if field.at(**sizes).bounds:
        assert all(set(expected[name]) >= set(seen[name]) for name in expected)
        return False
    assert seen == expected, (field, place, sizes)
    return True


# ---------------------------------------------------------------------------- one page each


@pytest.mark.parametrize("model", [Dilated(), Crossed()], ids=["dilated", "crossed"])
def test_the_field_is_what_the_gradient_of_torch_reaches(
    model: nn.Module, browser: Any, tmp_path: Path
) -> None:
    model = model.double()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)  # positive, so that nothing cancels
    file = tmp_path / "report.html"
    shapecalc.analyze(model, "N,3,H,W").report(file)
    page = Opened(browser, file)
    page.type(N=1, H=19, W=26)
    page.select("add" if isinstance(model, Crossed) else "4")
    x = torch.ones(1, 3, 19, 26, dtype=torch.float64, requires_grad=True)
    y = model(x).sum((0, 1))
    height, width = y.shape
    for row in (0, 1, height // 2, height - 2, height - 1):
        for column in (0, 2, width // 2, width - 2, width - 1):
            (gradient,) = torch.autograd.grad(y[row, column], x, retain_graph=True)
            reached = gradient.sum((0, 1)) != 0
            for axis, index in enumerate((row, column)):
                page.page.locator(f"#element input[data-axis='{axis}']").evaluate(
                    "(e, v) => { e.value = v; e.dispatchEvent(new Event('change')); }", str(index)
                )
            seen = json.loads(page.page.get_attribute("#seen", "data-field"))
            rows_, columns = (reached.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
            assert (seen.get("H", []), seen.get("W", [])) == (rows_, columns), (row, column)
    page.context.close()


def test_a_path_that_is_not_in_the_file_has_no_numbers(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    analysis = shapecalc.analyze(Counting(), "N,3,H,W")
    analysis.report(file)
    page, kinds = Opened(browser, file), set()
    for height in (1, 4, 9, 40, 100, 221, 224, 225, 231, 260, 4000):
        page.type(N=1, H=height, W=2100)
        kinds.add(page.verdict)
        if page.verdict == "accepted":
            assert str(analysis.at(N=1, H=height, W=2100).output) in page.rows()[-1][1]
        else:
            assert all(shapes == [] for _, shapes, _ in page.rows())
            assert page.page.get_attribute("#seen", "data-field") is None
        if page.verdict == "rejected":
            assert not analysis.sizes.contains(N=1, H=height, W=2100)
        if page.verdict in ("accepted", "elsewhere"):
            assert analysis.sizes.contains(N=1, H=height, W=2100)
    assert kinds == {"accepted", "elsewhere", "unknown"}
    assert page.complaints == []
    page.context.close()


@pytest.fixture
def resnet(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    file = tmp_path / "report.html"
    analysis_of("resnet18").report(file)
    page = Opened(browser, file)
    yield page
    assert page.complaints == []
    page.context.close()


def test_clicks_and_arrow_keys_choose_an_element(resnet: Opened) -> None:
    page = resnet.page
    resnet.select("layer2")  # 28 x 28
    page.locator("#output-grid").scroll_into_view_if_needed()
    box = page.locator("#output-grid").bounding_box()
    for column, row in ((0, 0), (27, 27), (14, 5)):
        x, y = ((place + 0.5) / 28 for place in (column, row))
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        assert page.input_value("#element input[data-axis='0']") == str(row)
        assert page.input_value("#element input[data-axis='1']") == str(column)
    page.focus("#output-grid")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert page.text_content("#seen").startswith("Output 6, 13 of 28 × 28 sees rows ")
    field = analysis_of("resnet18")["layer2"].receptive_field
    seen = json.loads(page.get_attribute("#seen", "data-field"))
    assert seen == {
        "H": field.inputs(6, axis=0, H=224, W=224),
        "W": field.inputs(13, axis=1, H=224, W=224),
    }


def test_the_slider_shows_the_field_grow(resnet: Opened) -> None:
    page, sizes = resnet.page, []
    page.focus("#slider")
    page.keyboard.press("Home")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
        sizes.append(len(json.loads(page.get_attribute("#seen", "data-field")).get("H", [])))
    assert sizes[0] < sizes[30] <= sizes[-1] == 224
    assert page.text_content("#slider-name") == page.text_content("#detail-name")


def test_search_folds_and_keys(resnet: Opened) -> None:
    page = resnet.page
    page.keyboard.press("/")
    page.keyboard.type("downsample")
    names = page.locator("#rows .name").all_text_contents()
    assert names.count("downsample") == 3
    assert "fc" not in names
    page.fill("#search", "")
    page.click("#fold")
    few = page.locator("#rows tr").count()
    row = page.locator("#rows tr", has=page.get_by_text("layer1", exact=True))
    assert row.get_attribute("aria-expanded") == "false"
    row.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#rows tr").count() == few + 2
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.text_content("#detail-name") == "layer1.0"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#rows tr").count() == few


def test_folded_rows_count_what_is_inside(resnet: Opened) -> None:
    page, model = resnet.page, torchvision_models.resnet18()
    page.click("#fold")
    for name in ("layer1", "layer4", "fc"):
        row = page.locator("#rows tr", has=page.get_by_text(name, exact=True))
        count = sum(p.numel() for p in getattr(model, name).parameters())
        assert row.locator("td").last.text_content() == f"{count:,}"


def test_the_theme_follows_the_system_and_the_reader(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    shapecalc.analyze("examples/lenet.yaml").report(file)
    colours = []
    for scheme in ("light", "dark"):
        page = Opened(browser, file, color_scheme=scheme)
        for _ in range(2):
            script = "() => getComputedStyle(document.documentElement).backgroundColor"
            colours.append(page.page.evaluate(script))
            page.page.click("#theme")
        page.context.close()
    assert colours[0] == colours[3]
    assert colours[1] == colours[2]
    assert colours[0] != colours[1]


def test_findings_open_and_lead_to_their_layer(browser: Any, tmp_path: Path) -> None:
    from examples.broken import Net

    file = tmp_path / "report.html"
    analysis = shapecalc.analyze(Net(), "8,3,32,32")
    analysis.report(file)
    opened = Opened(browser, file)
    page = opened.page
    assert opened.verdict == "rejected"
    assert page.text_content("#counts").strip() == "✕ 3 errors"
    first = page.locator("details.finding").first
    first.locator("summary").click()
    assert first.get_attribute("open") is None
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    for text in (analysis.findings[0].message, analysis.findings[0].repairs[0].text):
        assert text in first.text_content()
    first.locator("button").click()
    assert page.text_content("#detail-name") == analysis.findings[0].layer
    assert opened.complaints == []
    opened.context.close()


def test_a_layer_is_explained_by_hand_where_that_was_asked_for(
    browser: Any, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    analysis = shapecalc.analyze("examples/lenet.yaml")
    analysis.report(file, explain=True)
    opened = Opened(browser, file)
    opened.select("s2")
    said = opened.page.text_content("#detail pre")
    assert said.startswith("s2: element 0, 0, 0, 0 by hand")
    value = re.search(r"The value is \S+;", str(analysis.explain("s2", N=1)))[0]
    assert value in said
    assert opened.complaints == []
    opened.context.close()


def test_paper_shows_everything_and_no_controls(resnet: Opened) -> None:
    page = resnet.page
    page.click("#fold")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#rows tr").count() == len(rows(analysis_of("resnet18"), depth=1000))
    assert not page.is_visible("#search")
    assert not page.is_visible("#theme")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("#rows tr").count() < 20


def test_what_is_no_size_is_said_and_has_no_values(resnet: Opened) -> None:
    for text in ("0", "", "1.5", "-3"):
        resnet.page.fill("#boxes input[name=H]", text)
        assert resnet.verdict == "incomplete"
        assert resnet.page.get_attribute("input[name=H]", "aria-invalid") == "true"
        assert all(shapes == [] for _, shapes, _ in resnet.rows())


def test_labels_for_those_who_hear_the_page(resnet: Opened) -> None:
    page = resnet.page
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, canvas, section")].filter((e) =>
            !e.textContent.trim() && !e.labels?.length && !e.getAttribute("aria-label")
            && !e.getAttribute("aria-labelledby") && getComputedStyle(e).display !== "none"
        ).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    assert page.locator("[aria-live=polite]").count() >= 2
    cell = page.locator("#rows tr", has=page.get_by_text("conv1", exact=True)).locator(
        "td.formula div"
    )
    assert cell.get_attribute("aria-label") == "(N, 64, floor((H + 1)/2), floor((W + 1)/2))"


def test_a_resnet_50_is_painted_within_a_second(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    shapecalc.analyze(torchvision_models.resnet50()).report(file)
    opened = Opened(browser, file)
    assert opened.painted() < 1000
    opened.context.close()
