"""What is written in the box of a node, line by line, and how large the box is for that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shapecalc.dims import Shape
from shapecalc.graph import Label, Layer
from shapecalc.render.diagram import typesetting
from shapecalc.render.diagram.nodes import Node
from shapecalc.render.diagram.words import bracketed, says
from shapecalc.render.names import Names
from shapecalc.render.rows import Output, shape_at

Tone: TypeAlias = Literal["name", "kind", "quiet", "formula", "value", "error", "warning", "note"]

NAME, KIND, SMALL, FORMULA, SIGN = 13.0, 11.0, 10.0, 15.0, 17.0  # font sizes in pixels
_MARGIN, _GAP = 9.0, 4.5  # around the lines, and between them
_WIDEST = 230.0  # of a line of settings, before it is broken
MOST_OUTPUTS = 4  # shapes in one box
_LONGEST = 44  # characters of a setting
_COMMA = 4.5  # between the sizes of a shape


@dataclass(frozen=True, slots=True)
class Word:
    """Some text on a line."""

    text: str
    size: float
    tone: Tone

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return typesetting.width(self.text, self.size)

    @property
    def ascent(self) -> float:
        """Its height above the baseline in pixels."""
        return 0.78 * self.size

    @property
    def descent(self) -> float:
        """Its depth below the baseline in pixels."""
        return 0.24 * self.size


@dataclass(frozen=True, slots=True)
class Math:
    """A formula on a line, as `dims.format_dim` writes it."""

    text: str
    size: float
    tone: Tone = "formula"

    @property
    def outline(self) -> typesetting.Outline:
        """The formula as a path."""
        return typesetting.formula(self.text, self.size)

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return self.outline.width

    @property
    def ascent(self) -> float:
        """Its height above the baseline in pixels."""
        return self.outline.ascent

    @property
    def descent(self) -> float:
        """Its depth below the baseline in pixels."""
        return self.outline.descent


@dataclass(frozen=True, slots=True)
class Bracket:
    """A round bracket as high as what it holds."""

    side: Literal["(", ")"]
    ascent: float
    descent: float
    tone: Tone = "formula"

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return 6.0


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a line."""

    width: float
    ascent: float = 0.0
    descent: float = 0.0


Part: TypeAlias = Word | Math | Bracket | Space


@dataclass(frozen=True, slots=True)
class Line:
    """Parts from left to right on one baseline; `says` is the line in words, where it is math."""

    parts: tuple[Part, ...]
    says: str = ""

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return sum(part.width for part in self.parts)

    @property
    def ascent(self) -> float:
        """Its height above the baseline in pixels."""
        return max(part.ascent for part in self.parts)

    @property
    def descent(self) -> float:
        """Its depth below the baseline in pixels."""
        return max(part.descent for part in self.parts)


@dataclass(frozen=True, slots=True)
class Box:
    """The lines of a box and its size in pixels."""

    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture shows of each node: numbers at sizes, receptive fields, short names."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    fields: bool = False
    names: Names = field(default_factory=Names)

    def box(self, node: Node) -> Box:
        """Return the box of a node that is drawn closed."""
        lines = tuple(self._lines(node))
        width = max(line.width for line in lines) + 2 * _MARGIN
        height = sum(line.ascent + line.descent for line in lines) + (len(lines) - 1) * _GAP
        stack = 6.0 if node.times > 1 else 0.0  # the sheets behind a run
        return Box(lines, max(width, 56.0) + stack, height + 2 * _MARGIN - 2 + stack)

    def header(self, node: Node) -> Box:
        """Return the headline of a node that is drawn open."""
        parts: list[Part] = [Word(_short(node.name), NAME, "name")]
        if node.kind and node.kind != node.name:
            parts += [Space(8), Word(_kind(node), KIND, "kind")]
        parts += _signs(node)
        line = Line(tuple(parts))
        # a tensor that comes in at the middle passes beside it
        return Box((line,), 2 * line.width + 4 * _MARGIN, 26.0)

    def _lines(self, node: Node) -> Iterator[Line]:
        sign = merge_sign(node)
        before: list[Part] = [Word(sign, SIGN, "name"), Space(7)] if sign else []
        yield Line((*before, Word(_short(node.name), NAME, "name"), *_signs(node)))
        yield from _settings(node)
        if node.call and node.parameters:
            yield Line((Word(f"↻ {node.call}, the same weights", SMALL, "note"),))
        yield from self._shapes(node.outputs)
        if self.fields and node.field:
            yield Line((Word(node.field, SMALL, "quiet"),))
        if node.label is not Label.PROVED:
            yield Line((Word(f"{_LABEL_SIGNS[node.label]} {node.label}", SMALL, "warning"),))
        if not node.finished:
            yield Line((Word("failed", SMALL, "error"),))

    def _shapes(self, outputs: Sequence[Output]) -> Iterator[Line]:
        for output in outputs[:MOST_OUTPUTS]:
            before = output.text("")
            yield self.shape(output.shape, FORMULA, before=before)
            if self.sizes and any(dim.free_symbols for dim in output.shape):
                value = shape_at(output.shape, self.sizes)
                yield Line((Word(f"{before}{value}", KIND, "value"),))
        if len(outputs) > MOST_OUTPUTS:
            more = f"and {len(outputs) - MOST_OUTPUTS} more"
            yield Line((Word(more, SMALL, "quiet"),))

    def shape(self, shape: Shape, size: float, *, before: str = "") -> Line:
        """Return a shape as a line of formulas."""
        sizes: list[Part] = [Math(self.names.format_dim(dim), size) for dim in shape]
        if not sizes:
            return Line((Word(f"{before}scalar", KIND, "quiet"),), says=f"{before}()")
        ascent = max(part.ascent for part in sizes) + 1
        descent = max(part.descent for part in sizes) + 1
        parts: list[Part] = [Word(before, KIND, "quiet")] if before else []
        parts.append(Bracket("(", ascent, descent))
        for number, part in enumerate(sizes):
            if number:
                parts += [Math(",", size), Space(_COMMA)]
            parts.append(part)
        if len(sizes) == 1:
            parts.append(Math(",", size))
        parts.append(Bracket(")", ascent, descent))
        return Line(tuple(parts), says=f"{before}{says(shape, self.names)}")


_MERGES = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "cat": "∥", "stack": "≡"}


def merge_sign(node: Node) -> str:
    """Return the sign of an op where several tensors come together, or nothing.

    The signs: `+ − × ÷`, `∥` for cat and `≡` for stack.
    """
    if not isinstance(node.record, Layer):
        return ""
    several = sum(source is not None for source in node.record.sources) > 1
    return _MERGES.get(node.kind.strip("_"), "") if several else ""


_LABEL_SIGNS = {Label.PROBED: "≈", Label.UNKNOWN: "?"}


def _kind(node: Node) -> str:
    return f"{node.kind}  × {node.times}" if node.times > 1 else node.kind


def _signs(node: Node) -> list[Part]:
    found: list[Part] = []
    for mark in node.marks:
        found += [Space(6), Word(mark.sign, NAME, mark.severity)]
    return found


def _settings(node: Node) -> Iterator[Line]:
    """Yield the kind with its parameters, on as many lines as they need."""
    # an op beside modules is named after its kind, with a number
    said = node.kind in ("", node.name, re.sub(r"_\d+$", "", node.name))
    words = [] if said else [Word(_kind(node), KIND, "kind")]
    words += [Word(_short(bracketed(text)), SMALL, "quiet") for text in node.settings]
    line: list[Part] = []
    for word in words:
        if line and sum(part.width for part in line) + word.width > _WIDEST:
            yield Line(tuple(line[:-1]))
            line = []
        line += [word, Space(6)]
    if line:
        yield Line(tuple(line[:-1]))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def broken(sentence: str, room: float) -> Iterator[str]:
    """Yield a sentence in lines that fit a width, at the smallest size of words."""
    line = ""
    for word in sentence.split(" "):
        longer = f"{line} {word}" if line else word
        if line and Word(longer, SMALL, "quiet").width > room:
            yield line
            longer = f"  {word}"
        line = longer
    yield line
