"""Why just these sizes are accepted: causes and failures as sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.render.plain import plain
from shapecalc.render.sizes_sheet import limits, listed, numbered, place
from shapecalc.sets import SizeSet
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.because import Because
from shapecalc.sizes.exploration import Rejection
from shapecalc.sizes.verdict import Failure

_LONGEST = 60  # characters of a set within a sentence
_RAISED = re.compile(r"[A-Z]\w*(: |$)")  # the type of an exception, which our messages never name


@dataclass(frozen=True, slots=True)
class Reason:
    """A clause of the accepted sizes, and what it comes from."""

    clause: str
    cause: str


def reasons(found: AcceptedSizes) -> list[Reason]:
    """Return the clauses of what is accepted with their causes.

    Where one symbol has the same reasons as another one before it, that is said once.
    """
    said: dict[str, list[Reason]] = {}
    lines: list[Reason] = []
    for because in () if found.proved.is_empty() else found.because:
        names, clause = because.clause.sizes.names, because.clause.text
        if len(clause) > _LONGEST:
            clause = f"just these {listed(names)}"
        reason = Reason(clause, _because(because, clause, found) + _beyond(because, found))
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
    return lines + _open_reasons(found)


def _open_reasons(found: AcceptedSizes) -> list[Reason]:
    """Return the conditions that isl cannot write, each with the op that needs it."""
    spoken = dict.fromkeys(condition for sizes in found.sets for condition in sizes.open)
    causes = {rejection.condition: rejection for rejection in reversed(found.rejections)}
    return [
        Reason(
            str(condition), f"{who(causes[condition])}{_explained(causes[condition], condition)}"
        )
        for condition in spoken
        if condition in causes
    ]


def _renamed(reason: Reason, old: str, new: str) -> Reason:
    pattern = rf"\b{re.escape(old)}\b"
    return Reason(re.sub(pattern, new, reason.clause), re.sub(pattern, new, reason.cause))


def _because(because: Because, clause: str, found: AcceptedSizes) -> str:
    causes, decisive = because.causes, because.decisive
    if not causes:
        return "of several conditions together" if found.complete else "as far as explored"
    if decisive is not None and (_is_bound(causes[0]) or decisive == causes[0]):
        return sentence(decisive, found.every, besides=clause)
    first = sentence(causes[0], found.every, besides=clause)
    if len(causes) == 1:
        return first
    if decisive is None and len(causes) > 2:
        return f"{first}; and so on, to {clause} by {who(causes[-1])}"
    last = sentence(decisive or causes[-1], found.every, besides=clause)
    return f"{first}; {'and' if len(causes) == 2 else f'and so on, to {clause} by'} {last}"


def _beyond(because: Because, found: AcceptedSizes) -> str:
    outside = found.every.minus(found.every.also(because.clause.sizes))
    left = [part for part in found.unexplored if not part.intersect(outside).is_empty()]
    return "; others are not explored" if left and because.causes else ""


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
    around, _, own = rejection.layer.rpartition(".")
    inside = around if re.sub(r"_\d+$", "", own) == op else rejection.layer
    layer = f" in {plain(inside)}" if inside else ""
    spot = place(rejection.location)
    return f"{op}{layer}{f' ({spot})' if spot else ''}"


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
    what = _explained(rejection, condition)
    return f"{who(rejection)} needs {_number_last(condition)}{where}{what}"


def _raised(rejection: Rejection) -> str:
    """Return what the model's own code raises, or torch outside of any op that is known."""
    message, spot = plain(rejection.message), place(rejection.location)
    unless = "" if rejection.condition is None else f"unless {rejection.condition}, "
    if _RAISED.match(message):
        layer = f" in {plain(rejection.layer)}" if rejection.layer else ""
        return f"{unless}{spot or 'the model'}{layer} raises {message}"
    layer = f"layer '{plain(rejection.layer)}'" if rejection.layer else ""
    where = " at ".join(filter(None, (layer, spot))) or "the model"
    needs = "" if rejection.condition is None else f" needs {_number_last(rejection.condition)}"
    return f"{where}{needs}: {message}"


def _number_last(condition: Condition) -> str:
    """Return a condition with a number on its right: `H = 7` for `7 = H`."""
    turned = condition.relation in ("==", "!=") and dims.as_int(condition.left) is not None
    sides = (condition.right, condition.left) if turned else (condition.left, condition.right)
    return str(Condition(sides[0], condition.relation, sides[1]))


def _explained(rejection: Rejection, condition: Condition) -> str:
    """Return what a condition is about, where its formula does not say so."""
    left, right = dims.format_dim(condition.left), dims.format_dim(condition.right)
    message = plain(rejection.message)
    tail = f" {right}, got {left}"
    if not message.endswith(tail):
        return f": {message}"
    if dims.as_int(condition.right) is None:
        return ""  # that two sizes are equal says it all
    what = message.removesuffix(tail).removesuffix("expected").strip(" ,:")
    return f", the {what.removeprefix('expected ')}" if what else ""


def _holds_where(condition: Condition, every: SizeSet, besides: str) -> str:
    names = {str(symbol) for symbol in condition.symbols}
    if not names <= set(every.names):
        return ""
    met = every.onto(names).where(condition)
    text = "" if met.open or met.is_empty() else " and ".join(limits(met, every.onto(names)))
    known = ("", besides, str(condition), _number_last(condition))
    return "" if text in known or len(text) > _LONGEST else f", which holds where {text}"


def failed(failure: Failure, sizes: Mapping[str, int], every: SizeSet) -> str:
    """Return what fails at some sizes, with both sides in numbers."""
    rejection, condition = failure.rejection, failure.rejection.condition
    if condition is None or failure.sides is None or not rejection.op:
        return sentence(rejection, every, besides=str(condition))
    pairs = zip((condition.left, condition.right), failure.sides, strict=True)
    numbers = " and ".join(str(size) for side, size in pairs if dims.as_int(side) is None)
    spoken = [str(symbol) for symbol in condition.symbols]
    at = numbered({name: size for name, size in sizes.items() if name in spoken})
    what = f"{who(rejection)} needs {_number_last(condition)}"
    why = _explained(rejection, condition)
    if why.startswith(","):
        return f"{what}{why}: {numbers} at {at}"
    return f"{what}: {numbers} at {at}{f' ({why[2:]})' if why else ''}"
