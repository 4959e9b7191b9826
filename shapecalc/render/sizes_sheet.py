"""What is said of accepted sizes and of the paths to them, in all formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shapecalc.dims import Shape
from shapecalc.graph import LayerGraph, Location, Premise
from shapecalc.render.plain import plain
from shapecalc.sets import SizeSet
from shapecalc.sets.clauses import Clause, joined
from shapecalc.sets.parts import Part, parts
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.agreement import Agreement

_FEW = 4  # choices of the code that are listed before the others are counted


@dataclass(frozen=True, slots=True)
class Budget:
    """What was spent on an exploration.

    Units:
        traces: of the model, the first one included.
        seconds: of time.

    It is `used_up` where more of it would find more.
    """

    traces: int
    seconds: float
    used_up: bool


# ---------------------------------------------------------------------------- sets


def formal(sizes: SizeSet) -> list[str]:
    """Return a set as formulas, one for each group of symbols."""
    return [part.text for part in parts(sizes)]


def in_words(sizes: SizeSet) -> list[str]:
    """Return a set in words, one entry for each group of symbols."""
    return [_words(part) for part in parts(sizes)]


def _words(part: Part) -> str:
    return f"{part.names[0]} {part.words}" if len(part.names) == 1 else part.words


def limits(sizes: SizeSet, every: SizeSet) -> list[str]:
    """Return a set as formulas, without what all sizes meet anyway; empty for every size."""
    texts = (joined(_needed(part.clauses, every)) for part in parts(sizes))
    return [text for text in texts if text]


def _needed(clauses: Sequence[Clause], every: SizeSet) -> list[Clause]:
    kept = list(clauses)
    for clause in reversed(clauses):
        others = every
        for other in kept:
            others = others if other is clause else others.also(other.sizes)
        if not clause.sizes.open and every.anything().also(clause.sizes).includes(others):
            kept.remove(clause)
    return kept


def listed(names: Sequence[str]) -> str:
    """Return `N, H and W`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def is_every(found: AcceptedSizes) -> bool:
    """Tell whether every size is accepted."""
    return found.complete and found.proved.includes(found.every)


def numbered(sizes: Mapping[str, int]) -> str:
    """Return sizes as people write them: `H = 250, W = 333`."""
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


# ---------------------------------------------------------------------------- paths


def place(location: Location | None) -> str:
    """Return a place in the source as people name it: the file and the line, without folders."""
    return "" if location is None else plain(f"{PurePath(location.file).name}:{location.line}")


def output(graph: LayerGraph) -> str:
    """Return what a model returns, each tensor as its shape, in the model's own structure."""
    return plain(_nested(graph.output))


def _nested(value: Any) -> str:
    if isinstance(value, Shape) or value is None:
        return str(value)
    if isinstance(value, Mapping):
        entries = (f"{key}: {_nested(entry)}" for key, entry in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, (tuple, list)):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return f"{opening}{', '.join(map(_nested, value))}{closing}"
    return str(value)


def end(graph: LayerGraph) -> str:
    """Return where a trace ends because data decide how it goes on; empty where it does not."""
    for finding in graph.findings:
        layer = f"layer '{plain(finding.layer)}'" if finding.layer else ""
        where = place(finding.location) or layer or "a value that depends on data"
        return f"{where}: {plain(finding.message)}"
    return ""


def path(agreement: Agreement, found: AcceptedSizes) -> list[str]:
    """Return the sizes that take a path, what comes out there, and how the code chooses it."""
    sizes, graph, same = agreement.sizes, agreement.graph, len(agreement.pieces)
    sets = [piece.sizes for piece in agreement.pieces] if sizes is None else [sizes]
    lines = [", ".join(limits(each, found.every)) or "every size" for each in sets]
    count = len(graph.layers)
    ops = f"{count} op call{'' if count == 1 else 's'}"
    until = end(graph)
    lines.append(f"{ops}, {f'as far as {until}' if until else f'output {output(graph)}'}")
    if same > 1:
        lines.append(f"{same} paths with the same ops and formulas")
    elif chosen := _choices(graph, found):
        rest = f" and {len(chosen) - _FEW} more" if len(chosen) > _FEW else ""
        lines.append(f"chosen by {', '.join(chosen[:_FEW])}{rest}")
    return lines


def _choices(graph: LayerGraph, found: AcceptedSizes) -> list[str]:
    """Return the conditions in the model's own code that lead to a path, each with its place."""
    texts = [
        f"{premise.condition} ({place(premise.location)})"
        for premise in graph.premises
        if premise.assumption.kind == "branch" and not premise.op and premise.location
        # one that all accepted sizes meet chooses nothing
        if not all(s.where(premise.condition.negated()).is_empty() for s in found.sets)
    ]
    return list(dict.fromkeys(texts))


def requirements(found: AcceptedSizes) -> list[Premise]:
    """Return what the ops on all paths need, and the asserts of the model's code, each once."""
    premises = [premise for piece in found.pieces for premise in piece.graph.premises]
    needed = (premise for premise in premises if premise.assumption.kind == "requirement")
    return list(dict.fromkeys(needed))
