"""The report without a browser: what is written into it, and that nothing in it can be executed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc import dims
from shapecalc.cli import main
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.errors import InputError, PatternError
from shapecalc.render import page
from shapecalc.render.page import formulas, mathml
from shapecalc.render.page.document import SCRIPTS, STYLES, embedded
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.sets import membership
from shapecalc.sets import SizeSet, conjunctions

ASSETS = Path(page.__file__).parent / "assets"
H, W, N = map(dims.symbol, "HWN")


def value(tree: object, sizes: dict[str, int]) -> Fraction:
    """Compute a tree as the page does."""
    if isinstance(tree, int):
        return Fraction(tree)
    if isinstance(tree, str):
        return Fraction(sizes[tree])
    operation, *parts = tree
    if operation == "n":
        return Fraction(int(parts[0]))
    if operation == "scaled":
        return Fraction(floor(int(value(parts[0], sizes)) * parts[1]))
    if operation == "^":
        return value(parts[0], sizes) ** parts[1]
    found = [value(part, sizes) for part in parts]
    match operation:
        case "+":
            return sum(found, Fraction(0))
        case "*":
            result = Fraction(1)
            for factor in found:
                result *= factor
            return result
        case "/":
            return found[0] / found[1]
        case "floor":
            return Fraction(floor(found[0]))
        case "max":
            return max(found)
        case "min":
            return min(found)
    raise AssertionError(operation)


FORMULAS = [
    dims.floordiv(H + 3, 4),
    dims.floordiv(-H - 3, 4) + 7,
    dims.mul(dims.floordiv(H, 2), dims.floordiv(W + 1, 3)) * N,
    dims.maximum(dims.floordiv(H, 3), W - 5),
    dims.minimum(dims.floordiv(H, 3), W),
    dims.mod(H + 5, 7),
    dims.floordiv(H * W, N) + 1,
    dims.scaled(H, 0.3),
    dims.as_dim(3**40) * H,
    dims.floordiv(H + 2 * dims.symbol("p") - dims.symbol("k"), dims.symbol("s")) + 1,
]


@given(st.lists(st.integers(1, 999), min_size=6, max_size=6))
@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_a_tree_has_the_value_of_its_formula(formula: Dim, numbers: list[int]) -> None:
    sizes = dict(zip(["H", "W", "N", "p", "k", "s"], numbers, strict=True))
    tree = json.loads(json.dumps(formulas.tree(formula)))
    assert value(tree, sizes) == dims.evaluate(formula, sizes)


CONDITIONS = [
    Condition(dims.mod(H, 32), "==", 0),
    Condition(dims.floordiv(H + 1, 3), "!=", dims.floordiv(W, 2)),
    Condition(dims.mul(dims.floordiv(H, 4), dims.floordiv(W, 4)), "==", 36),
    Condition(H * H + W * N, ">", N * N),
]


@given(st.lists(st.integers(1, 70), min_size=3, max_size=3))
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_constraints_hold_where_the_set_does(condition: Condition, numbers: list[int]) -> None:
    sizes = dict(zip(["N", "H", "W"], numbers, strict=True))
    found = SizeSet.every(["N", "H", "W"]).where(condition)
    parts = conjunctions(found, 64)
    assert parts is not None
    inside = False
    for part in parts:
        values = [sizes[name] for name in found.names]
        for quotient in part.quotients:
            *row, constant = quotient.row
            total = constant + sum(a * b for a, b in zip(row, values, strict=True))
            values.append(total // quotient.divisor)
        dots = [
            [row[-1] + sum(a * b for a, b in zip(row, values, strict=False)) for row in rows]
            for rows in (part.zeros, part.positives)
        ]
        inside = inside or (not any(dots[0]) and all(total >= 0 for total in dots[1]))
    assert (inside and all(c.holds(sizes) for c in found.open)) == found.contains(sizes)


def test_a_set_of_too_many_parts_is_left_open() -> None:
    odd = SizeSet.every(["H"]).where(Condition(dims.mod(H * H, 97), "==", 1))
    assert conjunctions(odd, 0) is None
    assert membership(odd, Formulas()) is not None


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("floor((H + 3)/4)", ["floor", ["frac", ["row", "H", ["op", "+"], "3"], "4"]]),
        ("d*(k - 1)", ["row", "d", ["op", "\u2062"], ["paren", ["row", "k", ["op", "\u2212"], "1"]]]),
        ("k**2", ["sup", "k", "2"]),
        ("C_in", ["sub", "C", "in"]),
        ("max(H, 3)", ["call", "max", "H", "3"]),
        ("__import__('os')", ["text", "__import__('os')"]),
    ],
)  # fmt: skip
def test_a_formula_is_set_as_it_is_written(text: str, tree: object) -> None:
    assert mathml.formula(text) == tree


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--", "a & b", "\u2028", "]]>"]
)
def test_data_cannot_leave_their_element(text: str) -> None:
    written = embedded({text: [text]})
    assert not re.search(r"[<>&\u2028\u2029]", written)
    assert json.loads(written) == {text: [text]}


def test_the_policy_names_the_one_style_and_the_one_script() -> None:
    html = page.document(shapecalc.analyze("examples/lenet.yaml"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src &#x27;none&#x27;")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#x27;sha256-{digest}&#x27;" in policy


def test_every_asset_is_used_and_short() -> None:
    names = {path.name for path in ASSETS.iterdir()}
    assert names == {*STYLES, *SCRIPTS, "shell.html"}
    for name in SCRIPTS:
        text = (ASSETS / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 250, name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text), (
            name
        )


def test_the_report_is_written_by_the_command_and_the_method(tmp_path: Path) -> None:
    analysis = shapecalc.analyze("examples/lenet.yaml")
    analysis.report(tmp_path / "report.html")
    assert "<title>LeNet</title>" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_name_in_the_title_is_escaped() -> None:
    spec = {"name": "Net", "input": "N,3,H,W", "layers": [{"ReLU": {"name": "a"}}]}
    html = page.document(shapecalc.analyze(spec))
    assert html.count("</script>") == 2


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["report", *arguments])


def test_a_model_with_mistakes_has_a_page_and_an_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    result = run("examples/broken.py:Net", "--input", "8,3,32,32", "-o", str(file))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: layer 'wide': expected input channels 32, got 16")
    assert "SC110" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["examples/lenet.yaml", "--at", "Q=3"], "Q is no symbol of this model; they are: N"),
        (["examples/lenet.yaml", "--at", "N=0"], "N is a size: a whole number of at least 1, got 0"),
        (["examples/none.yaml"], "examples/none.yaml: cannot be read: No such file or directory"),
        (
            ["examples/lenet.yaml", "-o", "/none/report.html"],
            "cannot write /none/report.html: No such file or directory",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(arguments: list[str], error: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {error}\n")


def test_sizes_for_the_boxes_are_checked(tmp_path: Path) -> None:
    analysis = shapecalc.analyze("examples/lenet.yaml")
    with pytest.raises(PatternError, match="Q is no symbol"):
        analysis.report(tmp_path / "report.html", at={"Q": 3})
    with pytest.raises(InputError, match="cannot write"):
        analysis.report(tmp_path / "none" / "report.html")
    analysis.report(tmp_path / "report.html", at={"N": 17})
    assert '"sizes":{"N":17}' in (tmp_path / "report.html").read_text(encoding="utf-8")
