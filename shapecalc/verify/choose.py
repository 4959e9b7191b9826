"""Sizes to verify at: those that tell one formula, or one receptive field, from another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc import dims, sets
from shapecalc.conditions import Condition
from shapecalc.errors import InputError, RejectedInput
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.sizes import fields_of

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

# Per round, a size for the 1st, 2nd, 3rd ... symbol that is not the batch: odd and even, on each
# side of multiples of 32, never two alike, small ones first because they are quick.
_ROUNDS = (
    (65, 96, 33),
    (97, 64, 47),
    (128, 161, 30),
    (193, 224, 63),
    (225, 231, 71),
    (256, 299, 90),
)
_BATCHES = (2, 3, 1, 4, 2, 5)
_ENOUGH = 3  # accepted sizes
_REJECTED = 2  # sizes that the model rejects: that it does is a prediction, too
_BEYOND = 8  # premises that are turned round in search of those


def choose_sizes(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes, most telling first: accepted ones, and rejected ones where there are any."""
    symbols = analysis.symbols
    if not symbols:
        yield {}
        return
    derived = {name: analysis.graph.hint.get(name) for name in symbols}
    given: list[dict[str, int]] = []
    accepted = rejected = 0
    for candidate in (*_rounds(analysis), *_beyond(analysis)):
        at = {name: candidate[name] for name in symbols}
        if at == derived or at in given:
            continue
        takes = _accepts(analysis, at)
        if (accepted if takes else rejected) >= (_ENOUGH if takes else _REJECTED):
            continue
        given.append(at)
        accepted, rejected = accepted + takes, rejected + (not takes)
        yield at


def _rounds(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield the sizes of every round, and those near to them at which the formulas hold."""
    inputs = [name for name in analysis.symbols if name in map(str, analysis.graph.symbols)]
    parameters = [name for name in analysis.symbols if name not in inputs]  # of a spec: small
    conditions = [premise.condition for premise in analysis.premises]
    derived = analysis.graph.hint
    for number, (round_, batch) in enumerate(zip(_ROUNDS, _BATCHES, strict=True)):
        sizes = _assign(inputs, round_, batch)
        sizes |= {name: 1 + (number + n) % 3 for n, name in enumerate(parameters)}
        yield sizes
        for name in analysis.symbols:  # elsewhere than where they were derived
            other = Condition(dims.symbol(name), "!=", dims.as_dim(derived[name]))
            found = sets.find_sizes([*conditions, other], sizes)
            if found is not None:
                yield found
                break


def _beyond(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes just outside of what the formulas rest on: rejected, or of other formulas."""
    conditions = [premise.condition for premise in analysis.premises]
    near = next(_rounds(analysis))
    for number, condition in enumerate(conditions[:_BEYOND]):
        found = sets.find_sizes([*conditions[:number], condition.negated()], near)
        if found is not None:
            yield found


def _assign(symbols: list[str], round_: tuple[int, ...], batch: int) -> dict[str, int]:
    sizes, place = {}, 0
    for symbol in symbols:
        if symbol in ("N", "B"):
            sizes[symbol] = batch
        else:
            sizes[symbol] = round_[place % len(round_)] + place // len(round_)
            place += 1
    return sizes


def _accepts(analysis: Analysis, sizes: Mapping[str, int]) -> bool:
    try:
        analysis.at(**sizes)
    except RejectedInput:
        return False
    return True


# ---------------------------------------------------------------------------- fields


def choose_field_sizes(
    analysis: Analysis, accepted: Sequence[Mapping[str, int]], *, stated: bool
) -> Iterator[tuple[dict[str, int], str]]:
    """Yield sizes at which to compare fields, and on which axis; the empty string is all axes.

    First the smallest of those that are accepted. Then, unless these are `stated`, sizes that
    make one axis long enough: the first output of the last op that does not see everything does
    not see the end of it. The other axes stay short, so that a run is quick.
    """
    small = _single(analysis, min(accepted, key=lambda sizes: math.prod(sizes.values())))
    yield small, ""
    field = None if stated or _has_windows(analysis) else _last_local(analysis)
    if field is None:
        return
    conditions = [premise.condition for premise in analysis.premises]
    for axis, length in zip(field.per_axis, _long_enough(field), strict=True):
        if axis.name not in small or length is None or length <= small[axis.name]:
            continue
        found = sets.find_sizes(conditions, {**small, axis.name: length})
        if found is not None and found[axis.name] >= length and _accepts(analysis, found):
            yield found, axis.name


def _single(analysis: Analysis, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes with a batch of 1, if the model takes that."""
    batches = {
        str(tensor.shape[axis])
        for tensor in analysis.inputs
        if (axis := roles(tensor).batch) is not None
    }
    one = {name: 1 if name in batches else size for name, size in sizes.items()}
    return one if _accepts(analysis, one) else dict(sizes)


def _has_windows(analysis: Analysis) -> bool:
    """Tell whether positions are cut into windows, in which all that can go wrong is near."""
    known = fields_of(analysis.graph.home)
    return any(
        len(field.layout[digit.axis]) > 1
        for outputs in known.layers
        for field in outputs
        for reach in field.reaches.values()
        for digit in reach.moving
    )


def _last_local(analysis: Analysis) -> ReceptiveField | None:
    for layer in reversed(analysis.layers):
        try:
            field = layer.receptive_field
        except InputError:  # no input reaches it
            continue
        if any(not axis.whole and len(axis.outputs) == 1 for axis in field.per_axis):
            return field
    return None


def _long_enough(field: ReceptiveField) -> Iterator[int | None]:
    """Yield for each axis where the window of the first output ends, and three strides more."""
    for size, padding, stride in zip(field.size, field.padding, field.stride, strict=True):
        if isinstance(size, int) and padding is not None and stride is not None:
            yield size - padding + 3 * math.ceil(Fraction(stride))
        else:
            yield None
