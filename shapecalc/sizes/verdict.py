"""Whether a model accepts certain sizes: what fails there, and which sizes near by pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.sets import SizeSet
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.exploration import Rejection

Sizes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A requirement that some sizes fail to meet, with what its two sides come to there."""

    rejection: Rejection
    sides: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of certain sizes.

    `larger` and `smaller` are the nearest accepted sizes none of which is smaller, or larger.
    Accepted sizes may leave some symbols open: then `others` are the values those may have.
    `unknown` says that no accepted sizes can be named, so that there are no nearest ones.
    """

    sizes: Sizes
    accepted: bool
    failures: tuple[Failure, ...] = ()
    nearest: Sizes | None = None
    larger: Sizes | None = None
    smaller: Sizes | None = None
    others: SizeSet | None = None
    unknown: bool = False


def verdict(found: AcceptedSizes, sizes: Sizes) -> Verdict:
    """Return whether sizes are accepted, and if not, why, and which ones near by are.

    Raises:
        UndecidedError: for some of the sizes that are not named nothing is known.
    """
    if found.contains(**sizes):
        return Verdict(sizes=sizes, accepted=True, others=_others(found, sizes))
    near = found.neighbours(**sizes)
    return Verdict(
        sizes=sizes,
        accepted=False,
        failures=tuple(_failures(found.failures(**sizes), sizes)),
        nearest=near[0] if near else None,
        larger=next((at for at in near if all(at[n] >= sizes[n] for n in at)), None),
        smaller=next((at for at in near if all(at[n] <= sizes[n] for n in at)), None),
        unknown=not near and not (found.complete and not found.pieces),
    )


def _others(found: AcceptedSizes, sizes: Sizes) -> SizeSet | None:
    here = found.proved.at(sizes)
    free = [name for name in found.symbols if name not in sizes]
    if not free or here.is_empty():
        return None
    others = here.onto(free)
    return None if others.includes(found.every.onto(free)) else others


def _failures(rejections: Sequence[Rejection], sizes: Sizes) -> list[Failure]:
    """Return the requirements that fail at the sizes.

    Requirements of symbols that are not named, which some sizes meet, count only where there are
    no others.
    """
    found, rest = list[Failure](), list[Failure]()
    for rejection in rejections:
        condition = rejection.condition
        if condition is None or not {str(s) for s in condition.symbols} <= sizes.keys():
            rest.append(Failure(rejection, None))
        elif not condition.holds(sizes):
            left = dims.evaluate(condition.left, sizes)
            right = dims.evaluate(condition.right, sizes)
            found.append(Failure(rejection, (left, right)))
    return found or rest
