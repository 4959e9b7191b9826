"""Where something about windows begins in a graph, how far it goes, and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from shapecalc.graph import OutputRef, Source
from shapecalc.receptive_field.remarks.demand import outputs
from shapecalc.receptive_field.remarks.survey import Survey


@dataclass(frozen=True, slots=True)
class Chain:
    """The tensors of which something is so, from the first where it is.

    `inside` are the first and all those after it that inherit it, in order. `end` is the first
    tensor made from them of which it is so no more, `lasting` whether an output of the model
    still has it. `others` counts the layers where it begins anew, independent of one another.
    """

    inside: tuple[OutputRef, ...]
    end: OutputRef | None
    lasting: bool
    others: int = field(compare=False)

    @property
    def first(self) -> OutputRef:
        """The tensor where it begins."""
        return self.inside[0]


def chain(
    survey: Survey,
    has: Callable[[Source], bool | None],
    begins: Callable[[OutputRef], bool] = lambda _: True,
) -> Chain | None:
    """Return where something is so of tensors; None where it is so nowhere.

    `has` tells it of a tensor, None where that is not known. A chain starts where it `begins`.
    """
    inside: list[OutputRef] = []
    ends: list[OutputRef] = []
    held, begun = set[Source](), set[int]()
    for layer, place in survey.tensors():
        known = has(place)
        inherited = {source for source in layer.sources if source is not None and has(source)}
        if known and not inherited and begins(place):
            begun.add(layer.index)
            if not inside:
                inside.append(place)
                held.add(place)
        elif known and held & inherited:
            inside.append(place)
            held.add(place)
        elif known is False and held & inherited:
            ends.append(place)
    if not inside:
        return None
    lasting = any(source in held for source in outputs(survey.graph))
    return Chain(tuple(inside), ends[0] if ends else None, lasting, len(begun) - 1)
