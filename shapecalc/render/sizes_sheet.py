"""What is said of accepted sizes: the sentences that all formats share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Shape
from shapecalc.graph import LayerGraph, Location, Premise
from shapecalc.render.plain import plain
from shapecalc.sets import SizeSet
from shapecalc.sets.clauses import Clause, joined
from shapecalc.sets.parts import Part, parts
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.agreement import Agreement
from shapecalc.sizes.because import Because
from shapecalc.sizes.exploration import Rejection
from shapecalc.sizes.verdict import Failure

_LONGEST = 60  # characters of a set within a sentence
_FEW = 4  # choices of the code that are listed before the others are counted
_RAISED = re.compile(r"[A-Z]\w*(: |$)")  # the type of an exception, which our messages never name


@dataclass(frozen=True, slots=True)
class Reason:
    """A clause of the accepted sizes, and what it comes from."""

    clause: str
    cause: str


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


# ---------------------------------------------------------------------------- reasons


def reasons(found: AcceptedSizes) -> list[Reason]:
    """Return the clauses of what is accepted with their causes.

    Where one symbol has the same reasons as another one before it, that is said once.
    """
    said: dict[str, list[Reason]] = {}
    lines: list[Reason] = []
    for because in found.because:
        names, clause = because.clause.sizes.names, because.clause.text
        shown = clause if len(clause) <= _LONGEST else f"just these {' and '.join(names)}"
        reason = Reason(shown, _because(because, found))
        lines.append(reason)
        if len(names) == 1:
            said.setdefault(names[0], []).append(reason)
    for name, own in said.items():
        for earlier, others in said.items():
            if earlier == name:
                break
            if others and [_renamed(reason, earlier, name) for reason in others] == own:
                first = lines.index(own[0])
                lines = [line for line in lines if line not in own]
                lines.insert(
                    first, Reason(name, f"likewise, with {name} in the place of {earlier}")
                )
                said[name] = []
                break
    return lines


def _renamed(reason: Reason, old: str, new: str) -> Reason:
    pattern = rf"\b{re.escape(old)}\b"
    return Reason(re.sub(pattern, new, reason.clause), re.sub(pattern, new, reason.cause))


def _because(because: Because, found: AcceptedSizes) -> str:
    causes, decisive, clause = because.causes, because.decisive, because.clause.text
    if not causes:
        return "of several conditions together" if found.complete else "no others are explored"
    if decisive is not None and (_is_bound(causes[0]) or decisive == causes[0]):
        return sentence(decisive, found.every, besides=clause)
    first = sentence(causes[0], found.every, besides=clause)
    if len(causes) == 1:
        return first
    if decisive is None and len(causes) > 2:
        return f"{first}; and so on, to {clause} by {who(causes[-1])}"
    last = sentence(decisive or causes[-1], found.every, besides=clause)
    return f"{first}; {'and' if len(causes) == 2 else f'and so on, to {clause} by'} {last}"


def refusals(found: AcceptedSizes) -> tuple[list[str], list[str]]:
    """Return why a model accepts no size: what no input meets, and what only some do."""
    first: dict[object, Rejection] = {}
    for rejection in found.rejections:
        first.setdefault(rejection.condition or rejection.message, rejection)
    never, sometimes = list[str](), list[str]()
    for rejection in first.values():
        condition = rejection.condition
        impossible = condition is None or found.every.where(condition).is_empty()
        (never if impossible else sometimes).append(sentence(rejection, found.every))
    return never, sometimes


def _is_bound(rejection: Rejection) -> bool:
    return rejection.condition is not None and rejection.condition.relation not in ("==", "!=")


def who(rejection: Rejection) -> str:
    """Return the op that a rejection comes from, with its layer and its place."""
    op = plain(rejection.op.rpartition(".")[2]) or "code"
    layer = f" in {plain(rejection.layer)}" if rejection.layer else ""
    spot = place(rejection.location)
    return f"{op}{layer}{f' ({spot})' if spot else ''}"


def place(location: Location | None) -> str:
    """Return a place in the source as people name it: the file and the line, without folders."""
    return "" if location is None else plain(f"{PurePath(location.file).name}:{location.line}")


def sentence(rejection: Rejection, every: SizeSet, *, besides: str = "") -> str:
    """Return what a rejection comes from, what that needs, and for which sizes it has it.

    The sizes are left out where they are said `besides`.
    """
    condition = rejection.condition
    if not rejection.op:
        return _raised(rejection)
    if condition is None:
        return f"{who(rejection)}: {plain(rejection.message)}"
    where = _holds_where(condition, every, besides)
    return f"{who(rejection)} needs {condition}{where}{_explained(rejection, condition)}"


def _raised(rejection: Rejection) -> str:
    """Return what the model's own code raises, or torch outside of any op that is known."""
    message, spot = plain(rejection.message), place(rejection.location)
    unless = "" if rejection.condition is None else f"unless {rejection.condition}, "
    if _RAISED.match(message):
        layer = f" in {plain(rejection.layer)}" if rejection.layer else ""
        return f"{unless}{spot or 'the model'}{layer} raises {message}"
    layer = f"layer '{plain(rejection.layer)}'" if rejection.layer else ""
    where = " at ".join(filter(None, (layer, spot)))
    return f"{unless}{where + ': ' if where else ''}{message}"


def _explained(rejection: Rejection, condition: Condition) -> str:
    """Return what a condition is about, where its formula does not say so."""
    left, right = dims.format_dim(condition.left), dims.format_dim(condition.right)
    message = plain(rejection.message)
    named = re.fullmatch(r"expected (.+?),? (.+), got (.+)", message)
    if named and message.endswith(f" {right}, got {left}"):
        what = message.removeprefix("expected ").removesuffix(f" {right}, got {left}").strip(",")
        return f", the {what}" if " " in message.removesuffix(f" {right}, got {left}") else ""
    if condition.relation == "==" and dims.as_int(condition.right) is None:
        return ""
    return f": {message}"


def _holds_where(condition: Condition, every: SizeSet, besides: str) -> str:
    names = {str(symbol) for symbol in condition.symbols}
    if not names <= set(every.names):
        return ""
    met = every.onto(names).where(condition)
    text = "" if met.open or met.is_empty() else " and ".join(limits(met, every.onto(names)))
    known = ("", besides, str(condition))
    return "" if text in known or len(text) > _LONGEST else f", which holds where {text}"


def failed(failure: Failure, sizes: Mapping[str, int], every: SizeSet) -> str:
    """Return what fails at some sizes, with both sides in numbers."""
    rejection, condition = failure.rejection, failure.rejection.condition
    if condition is None or failure.sides is None or not rejection.op:
        return sentence(rejection, every, besides=str(condition))
    left, right = failure.sides
    numbers = f"{left}" if dims.as_int(condition.right) is not None else f"{left} and {right}"
    spoken = [str(symbol) for symbol in condition.symbols]
    at = numbered({name: size for name, size in sizes.items() if name in spoken})
    what = f"{who(rejection)} needs {condition}"
    why = _explained(rejection, condition)
    if why.startswith(","):
        return f"{what}{why}: {numbers} at {at}"
    return f"{what}: {numbers} at {at}{f' ({why[2:]})' if why else ''}"


def numbered(sizes: Mapping[str, int]) -> str:
    """Return sizes as people write them: `H = 250, W = 333`."""
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


# ---------------------------------------------------------------------------- paths


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


def path(agreement: Agreement, every: SizeSet) -> list[str]:
    """Return the sizes that take a path, what comes out there, and how the code chooses it."""
    sizes, graph, same = agreement.sizes, agreement.graph, len(agreement.pieces)
    sets = [piece.sizes for piece in agreement.pieces] if sizes is None else [sizes]
    lines = [", ".join(limits(each, every)) or "every size" for each in sets]
    count = len(graph.layers)
    ops = f"{count} op call{'' if count == 1 else 's'}"
    until = end(graph)
    lines.append(f"{ops}, {f'as far as {until}' if until else f'output {output(graph)}'}")
    if same > 1:
        lines.append(f"{same} paths with the same ops and formulas")
    elif chosen := _choices(graph):
        rest = f" and {len(chosen) - _FEW} more" if len(chosen) > _FEW else ""
        lines.append(f"chosen by {', '.join(chosen[:_FEW])}{rest}")
    return lines


def _choices(graph: LayerGraph) -> list[str]:
    """Return the conditions in the model's own code that lead to a path, each with its place."""
    found = [
        f"{premise.condition} ({place(premise.location)})"
        for premise in graph.premises
        if premise.assumption.kind == "branch" and not premise.op and premise.location
    ]
    return list(dict.fromkeys(found))


def requirements(found: AcceptedSizes) -> list[Premise]:
    """Return what the ops on all paths need, and the asserts of the model's code, each once."""
    premises = [premise for piece in found.pieces for premise in piece.graph.premises]
    needed = (premise for premise in premises if premise.assumption.kind == "requirement")
    return list(dict.fromkeys(needed))
