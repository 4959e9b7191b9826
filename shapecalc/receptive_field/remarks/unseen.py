"""Remarks on pixels that no output of the model sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.graph import InputRef, OutputRef, Source
from shapecalc.receptive_field.reach import total
from shapecalc.receptive_field.remarks import words
from shapecalc.receptive_field.remarks.demand import Asked, Demand, outputs
from shapecalc.receptive_field.remarks.pattern import pattern
from shapecalc.receptive_field.remarks.remark import Kind, Number, Remark
from shapecalc.receptive_field.remarks.survey import Survey
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.walk import Fields
from shapecalc.sets import Relation


@dataclass(frozen=True, slots=True)
class _Lost:
    """What is lost on one axis; at given sizes the indices, else a set with symbols."""

    axis: str
    size: Dim
    lost: Relation
    indices: tuple[int, ...] | None
    layers: tuple[OutputRef, ...]


def unseen(survey: Survey, at: Fields | None, sizes: Mapping[str, int]) -> list[Remark]:
    """Return which rows and columns of each input no output of the model sees.

    `at` are the fields at given sizes: with them, the indices are those at these sizes.
    """
    demand = Demand(survey)
    found = []
    for tensor in survey.graph.inputs:
        source = InputRef(tensor.name)
        asked = demand.asked.get(source)
        if asked is None:  # no output depends on it, for any of its elements
            continue
        lost = [
            each
            for key, name in survey.names.items()
            if key.input == tensor.name
            and (each := _lost(survey, demand, key, name, asked, at, sizes)) is not None
        ]
        if lost:
            found.append(_remark(survey, tensor.name, lost))
    return found


def _lost(
    survey: Survey,
    demand: Demand,
    key: InputAxis,
    name: str,
    asked: Asked,
    at: Fields | None,
    sizes: Mapping[str, int],
) -> _Lost | None:
    size = survey.shape(InputRef(key.input))[key.axis]
    own = asked[key.axis]
    rest = None if own is None else demand.rest(own, size)
    layers = _origins(survey, demand, key) if rest is not None else ()
    if at is None:
        return None if rest is None else _Lost(name, size, rest, None, layers)
    number = survey.number(size, sizes)
    seen = _seen(survey, at, key)
    if seen is None:
        indices = tuple(rest.at(**sizes).image(())) if rest is not None else ()
    else:
        indices = tuple(sorted(set(range(number)) - seen))
    if not indices or len(indices) == number:
        return None
    entire = at.setting.images[key].entire
    assert entire is not None
    return _Lost(name, dims.as_dim(number), rest or entire, indices, layers)


def _seen(survey: Survey, at: Fields, key: InputAxis) -> set[int] | None:
    """Return which indices the outputs see at given sizes; None where that is not known."""
    found = set[int]()
    for source in outputs(at.graph):
        field = at.of(source)
        if field is None:
            continue
        if field.unknown:
            return None
        reach = field.reaches.get(key)
        if reach is None:
            continue
        together = total(reach, field.layout, at.setting.images[key])
        if together is None:
            return None
        found |= set(together.image(()))
    return found


def _origins(survey: Survey, demand: Demand, key: InputAxis) -> tuple[OutputRef, ...]:
    """Return the layers that leave elements out, on the way from the input to where none is lost.

    A layer leaves elements out if it does so even where all of its output is asked for.
    """
    lossy: set[Source] = {InputRef(key.input)}
    found: dict[OutputRef, None] = {}
    for layer in survey.graph.layers:
        if not lossy & set(layer.sources):
            continue
        for output in range(len(layer.out_shapes)):
            place = OutputRef(layer.index, output)
            asked = demand.asked.get(place)
            if asked is None:
                continue
            every: Asked = (None,) * len(asked)
            for source, read in demand.reads(place, every):
                if source in lossy and _misses(survey, demand, source, read, key):
                    found[place] = None
            if any(one is not None for one in asked):
                lossy.add(place)
    return tuple(found)


def _misses(survey: Survey, demand: Demand, source: Source, read: Asked, key: InputAxis) -> bool:
    """Tell whether reading leaves elements out, along the axis of a tensor that a field moves on.

    Elements that another layer asks for are not lost.
    """
    field = survey.fields.of(source)
    reach = None if field is None else field.reaches.get(key)
    axes = {digit.axis for digit in reach.moving} if reach is not None else set()
    asked = demand.asked[source]
    return any(read[axis] is not None and asked[axis] is not None for axis in axes)


# ---------------------------------------------------------------------------- in words


def _remark(survey: Survey, tensor: str, lost: list[_Lost]) -> Remark:
    layers = tuple(dict.fromkeys(place for each in lost for place in each.layers))
    numbers: dict[str, Number] = {}
    texts = []
    for each in lost:
        if each.indices is None:
            numbers[each.axis] = str(each.lost)
            texts.append(pattern(each.lost, each.size, survey.fields.context).text(each.axis))
        else:
            count = len(each.indices)
            numbers[each.axis] = each.indices
            at = words.at(each.axis, words.ranges(each.indices), count)
            texts.append(f"{at} ({count} of {each.size})")
    where = ""
    if layers:
        others = words.others(len(layers) - 1)
        where = f"; {survey.label(layers[0])} leaves them out{others}"
    return Remark(
        kind=Kind.UNSEEN,
        layers=survey.names_of(*layers),
        input=tensor,
        axes=tuple(each.axis for each in lost),
        text=f"seen by no output: {', '.join(texts)}{where}",
        numbers=numbers,
    )
