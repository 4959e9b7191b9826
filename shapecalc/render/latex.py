r"""LaTeX: a booktabs table with typeset formulas, to be put into a document with `\input`.

The fragment needs `\usepackage{amsmath, booktabs, longtable}` in the document around it, and
nothing else; all that comes from a model or a file is escaped.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.graph import Finding, Label
from shapecalc.receptive_field.recurrence import Formula
from shapecalc.render import fields
from shapecalc.render.equation import AxisEquation, Equation
from shapecalc.render.plain import plain
from shapecalc.render.rows import DEPTH, Output, Row, not_proved, parameter_count, rows, shape_at
from shapecalc.render.summary import branches, known, notes, sums

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_HEAD = r"% needs \usepackage{amsmath, booktabs, longtable}"


def document(
    analysis: Analysis, *, depth: int = DEPTH, sizes: Mapping[str, int] | None = None
) -> str:
    """Return the table, its totals, its domain and the findings."""
    return "\n".join(_lines(analysis, depth, sizes or {})) + "\n"


def _lines(analysis: Analysis, depth: int, sizes: Mapping[str, int]) -> Iterator[str]:
    found = rows(analysis, depth=depth)
    given = ", ".join(f"{symbol(name)} = {size}" for name, size in sizes.items())
    columns = fields.columns(analysis, found)
    windows = [fields.NOTHING] * len(found) if columns is None else columns.cells
    windowed = [columns is not None] * len(fields.HEADERS)
    shown = [True, True, True, bool(sizes), *windowed, True, not_proved(found)]
    header = ["layer", "op", "output shape", f"at ${given}$", *fields.HEADERS, "parameters",
              "known"]  # fmt: skip
    yield _HEAD
    # fractions in neighbouring rows would touch at the height of plain text
    yield r"\begingroup\renewcommand{\arraystretch}{1.5}"
    yield rf"\begin{{longtable}}{{{''.join(compress('llllrrrrrl', shown))}}}"
    yield rf"\caption{{{escape(analysis.graph.name)}}}\\"
    yield r"\toprule"
    yield _line(compress(header, shown))
    yield r"\midrule \endhead"
    yield r"\bottomrule \endfoot"
    for row, window in zip(found, windows, strict=True):
        yield _line(compress(_cells(row, sizes, window), shown))
    yield r"\end{longtable}"
    yield r"\endgroup"
    yield ""
    yield r"\begin{itemize}"
    for sentence in sums(analysis):
        yield rf"\item {escape(sentence)}"
    domain = [condition(text) for text in analysis.domain]
    domain = domain or [rf"every ${symbol(name)}$" for name in analysis.symbols]
    yield rf"\item holds for {', '.join(domain) or 'these sizes'}"
    for branch in branches(analysis):
        where = f" at {branch.location}" if branch.location else ""
        conditions = ", ".join(map(condition, branch.conditions))
        yield rf"\item {conditions}: {escape(branch.why + where)}"
    below = columns.notes() if columns is not None else ()
    for text in (*known(analysis), *(f"note: {note}" for note in notes(analysis)), *below):
        yield rf"\item {escape(text)}"
    for finding in analysis.graph.findings:
        yield rf"\item \textbf{{finding}}: {_finding(finding)}"
    yield r"\end{itemize}"


def _cells(row: Row, sizes: Mapping[str, int], window: fields.Cells) -> list[str]:
    name = escape(row.name) if row.role == "call" else rf"\textit{{{escape(row.name)}}}"
    indent = rf"\hspace*{{{row.depth - 1}em}}" if row.depth > 1 else ""
    return [
        indent + name,
        escape(row.op),
        _outputs(row.outputs, {}) if row.finished else r"\textbf{failed}",
        _outputs(row.outputs, sizes),
        *map(extent, window.window),
        parameter_count(row),
        "" if row.label is Label.PROVED else str(row.label),
    ]


def _outputs(outputs: Iterable[Output], sizes: Mapping[str, int]) -> str:
    lines = []
    for output in outputs:
        shape = shape_at(output.shape, sizes) if sizes else output.shape
        key = f"{escape(output.key)}: " if output.key else ""
        times = rf"${output.times} \times$ " if output.times > 1 else ""
        lines.append(f"{key}{times}${format_shape(shape)}$")
    if len(lines) < 2:
        return "".join(lines)
    stacked = r" \\ ".join(lines)
    return rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{stacked}\end{{tabular}}"


def _finding(finding: Finding) -> str:
    where = rf"layer \texttt{{{escape(finding.layer)}}}: " if finding.layer else ""
    parts = [f"{where}{escape(finding.message)}"]
    parts += [f"needs {condition(str(finding.condition))}"] if finding.condition else []
    parts += [f"at {escape(str(finding.location))}"] if finding.location else []
    parts += [f"fix: {escape(finding.fix)}"] if finding.fix else []
    return "; ".join(parts)


def record(equation: Equation, *, sizes: Mapping[str, int] | None = None) -> str:
    """Return the shape equation record of a layer."""
    sizes = sizes or {}
    shown = [True, True, True, bool(sizes)]
    lines = [
        _HEAD,
        rf"\paragraph{{{escape(equation.layer)}}} {escape(equation.op)}",
        "",
        rf"\noindent\begin{{tabular}}{{{''.join(compress('llll', shown))}}}",
        r"\toprule",
        _line(compress(["tensor", "layout", "shape", "in numbers"], shown)),
        r"\midrule",
    ]
    for tensor in equation.tensors:
        cells = [
            tensor.role,
            f"${_layout(tensor.layout)}$" if tensor.layout else "",
            f"${format_shape(tensor.shape)}$",
            f"${format_shape(shape_at(tensor.shape, sizes))}$",
        ]
        lines.append(_line(compress(cells, shown)))
    lines += [r"\bottomrule", r"\end{tabular}"]
    if equation.axes:
        # a new line per formula, one block of lines per axis
        blocks = [r" \\ ".join(_axis(axis, sizes)) for axis in equation.axes]
        lines += [r"\begin{align*}", " \\\\\n".join(blocks), r"\end{align*}"]
    else:
        lines += ["", *(rf"{escape(line)}\\" for line in equation.rule)]
    for field in equation.fields:
        text = f"receptive field on {field.input}: {fields.sentence(field)}"
        lines += ["", rf"\noindent {escape(text)}"]
    for step in equation.recurrence:
        steps = [rf"{symbol(line.name)} &= {_result(line)}" for line in step.formulas]
        axes = escape(f"{step.input}, {', '.join(step.axes)}")
        lines += [rf"({axes}):", r"\begin{align*}", " \\\\\n".join(steps), r"\end{align*}"]
    if equation.label is not Label.PROVED:
        lines.append(f"known: {equation.label}")
    return "\n".join(lines) + "\n"


def _result(line: Formula) -> str:
    left, right = formula(line.text), formula(dims.format_dim(line.value))
    return left if left == right else f"{left} = {right}"


def _axis(axis: AxisEquation, sizes: Mapping[str, int]) -> Iterator[str]:
    yield rf"{symbol(f'{axis.axis}_out')} &= {formula(axis.general)}"
    yield f"&= {formula(axis.here)}"
    arithmetic = axis.arithmetic(sizes)
    if arithmetic is not None:
        left, _, right = arithmetic.rpartition(" = ")
        yield f"&= {formula(left)} = {right}"


def extent(text: str) -> str:
    r"""Return a cell of a receptive field, with its numbers and formulas in math mode.

    >>> print(extent("<= 7 x 3"), extent("5..6"), extent("all"), extent("-1/2"))
    $\le 7 \times 3$ $5 \ldots 6$ all $-\frac{1}{2}$
    """
    bound = r"\le " if text.startswith("<= ") else ""
    parts = text.removeprefix("<= ").split(" x ")
    if not text or text == "?":
        return text
    written = [r" \ldots ".join(map(_word_or_formula, part.split(".."))) for part in parts]
    whole = r" \times ".join(written)
    return text if whole == r"\text{all}" and not bound else f"${bound}{whole}$"


def _word_or_formula(text: str) -> str:
    if text in ("all", "varies", "-"):
        return rf"\text{{{text}}}"
    largest = text.removeprefix("up to ")
    return formula(text) if largest == text else rf"\text{{up to }} {formula(largest)}"


def _layout(text: str) -> str:
    names = text.strip("[]").split(", ")
    return f"[{', '.join('*' if name == '*' else formula(name) for name in names)}]"


def _line(cells: Iterable[str]) -> str:
    return rf"{' & '.join(cells)} \\"


# ---------------------------------------------------------------------------- formulas


def format_shape(shape: Shape) -> str:
    r"""Return a shape in math mode.

    >>> print(format_shape(Shape((dims.symbol("N"), 64))))
    (N, 64)
    """
    parts = [formula(dims.format_dim(dim)) for dim in shape]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def formula(text: str) -> str:
    r"""Return a formula, as `dims.format_dim` writes it, in math mode.

    >>> print(formula("floor((H + 2*p - k)/s) + 1"))
    \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1
    """
    try:
        return _math(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return rf"\text{{{escape(text)}}}"


def condition(text: str) -> str:
    r"""Return a condition as people say it, in math mode.

    >>> print(condition("H mod 32 = 0"))
    $H \bmod 32 = 0$
    """
    signs = {" mod ": r" \bmod ", " >= ": r" \ge ", " <= ": r" \le ", " != ": r" \ne "}
    parts = re.split(r"( mod | >= | <= | != | = | < | > )", text)
    if len(parts) == 1:
        return escape(text)
    return f"${''.join(signs.get(p, p) if n % 2 else formula(p) for n, p in enumerate(parts))}$"


_SIGNS = {ast.Add: " + ", ast.Sub: " - "}


def _math(node: ast.expr, around: type[ast.operator] | None = None) -> str:
    """Return the LaTeX of an expression; a sum within a product is put into brackets."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id=name):
            return symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_math(operand, ast.Mult)}"
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            text = _math(left) + _SIGNS[type(op)] + _math(right, type(op))
            return rf"\left({text}\right)" if around in (ast.Mult, ast.Sub, ast.Pow) else text
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _product(_math(left, ast.Mult), _math(right, ast.Mult))
        case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=left), op=ast.Div(), right=right):
            return rf"-\frac{{{_math(left)}}}{{{_math(right)}}}"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_math(left)}}}{{{_math(right)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_math(left, ast.Pow)}^{{{_math(right)}}}"
        case ast.Call(func=ast.Name(id="floor"), args=[arg]):
            return rf"\left\lfloor {_math(arg)} \right\rfloor"
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=args):
            return rf"\{name}\left({', '.join(_math(arg) for arg in args)}\right)"
    raise ValueError(f"no formula: {ast.dump(node)}")


def _product(left: str, right: str) -> str:
    # a number before a symbol needs no sign, one after anything does
    if right[0].isdigit():
        return rf"{left} \cdot {right}"
    return f"{left}{right}" if left[-1].isdigit() else rf"{left} \, {right}"


def symbol(name: str) -> str:
    r"""Return a symbol in math mode; what follows an underscore or a digit is a subscript.

    >>> print(symbol("H"), symbol("C_in"), symbol("u0"), symbol("kernel"))
    H C_{\mathrm{in}} u_{0} \mathit{kernel}
    """
    stem, _, index = name.partition("_")
    if not index and (found := re.fullmatch(r"([^\W\d]+)(\d+)", name)):
        stem, index = found.groups()
    if not stem:
        return rf"\text{{{escape(name)}}}"
    base = escape(stem) if len(stem) == 1 else rf"\mathit{{{escape(stem)}}}"
    if not index:
        return base
    below = index if index.isdigit() else rf"\mathrm{{{escape(index)}}}"
    return rf"{base}_{{{below}}}"


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"{{{character}}}" for character in "[]*"},  # after a line's end, an option
}


def escape(text: str) -> str:
    r"""Return text that LaTeX sets as it is, on one line.

    >>> print(escape(r"a_b \input{x}"))
    a\_b \textbackslash{}input\{x\}
    """
    return "".join(
        _ESCAPES.get(character, character) for character in plain(" ".join(text.split()))
    )
