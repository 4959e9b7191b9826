"""What is said below the table: totals, validity, labels, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.graph import Label
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums over a model.

    Units:
        op_calls: calls, in all and by label.
        parameters: elements, shared ones counted once; `in_rows` are those that a row counts.
    """

    op_calls: int
    labels: Mapping[Label, int]
    parameters: int
    in_rows: int


def totals(analysis: Analysis) -> Totals:
    """Return the sums over the whole model."""
    graph = analysis.graph
    labels = [layer.label for layer in graph.layers]
    inner = {call.name: call.parameters for call in graph.calls if call.parent is not None}
    return Totals(
        op_calls=len(labels),
        labels={label: labels.count(label) for label in Label if label in labels},
        parameters=graph.parameters,
        in_rows=sum(inner.values()),
    )


LEGEND = {
    Label.PROVED: "follows from the rules of the ops",
    Label.PROBED: "measured at some sizes since an op has no rule, or derived from such a size",
    Label.UNKNOWN: "nothing is claimed; the size is a symbol of its own",
}


def sums(analysis: Analysis) -> tuple[str, str]:
    """Return the totals as two sentences: the op calls, and the parameters."""
    found = totals(analysis)
    calls = "1 op call" if found.op_calls == 1 else f"{found.op_calls:,} op calls"
    if list(found.labels) == [Label.PROVED]:
        calls += ", all proved" if found.op_calls > 1 else ", proved"
    else:
        calls = ", ".join([calls, *(f"{count:,} {label}" for label, count in found.labels.items())])
    size = format_bytes(found.parameters * 4)
    parameters = f"{found.parameters:,} parameters ({size} as float32)"
    beside = found.parameters - found.in_rows
    if beside > 0:
        parameters += f", {beside:,} of them in none of the rows"
    elif beside < 0:
        parameters += ", those that modules share counted once"
    return calls, parameters


def validity(analysis: Analysis) -> str:
    """Return the sizes for which the formulas hold, as a sentence."""
    symbols = ", ".join(analysis.symbols)
    every = f"every {symbols}" if symbols else "these sizes"
    text = f"holds for {', '.join(analysis.domain) or every}"
    return f"up to where it fails, it {text}" if analysis.graph.findings else text


def known(analysis: Analysis) -> list[str]:
    """Return what each label means, where not everything is proved."""
    labels = [label for label in Label if any(layer.label is label for layer in analysis.layers)]
    if labels in ([], [Label.PROVED]):
        return []
    return [f"{label}: {LEGEND[label]}" for label in labels]


def format_bytes(count: int) -> str:
    """Return a number of bytes as people say it, in powers of 1000.

    >>> format_bytes(102_228_128)
    '102.2 MB'
    """
    if count < 1000:
        return f"{count} bytes"
    size, units = count / 1000, iter(("kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while size >= 1000 and (larger := next(units, "")):
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"


def notes(analysis: Analysis) -> list[str]:
    """Return what is to be said beside the table, each once: also how an op was measured."""
    measured = [f"{layer.name}: {layer.note}" for layer in analysis.layers if layer.note]
    return [plain(note) for note in dict.fromkeys((*analysis.notes, *measured))]


@dataclass(frozen=True, slots=True)
class Branch:
    """Choices of the model's own code on which the formulas rest, made at one place."""

    conditions: tuple[str, ...]
    why: str
    location: str


def branches(analysis: Analysis) -> list[Branch]:
    """Return the choices of the model's own code, those of one place together."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for premise in analysis.premises:
        assumption = premise.assumption
        if assumption.kind == "branch" and "code" in assumption.why:
            place = (assumption.why, plain(str(premise.location or "")))
            places.setdefault(place, {})[str(premise.condition)] = None
    return [Branch(tuple(texts), *place) for place, texts in places.items()]
