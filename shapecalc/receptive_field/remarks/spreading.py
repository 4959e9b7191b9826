"""Remarks on what ties all positions together, or all images of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shapecalc import dims
from shapecalc.graph import OutputRef
from shapecalc.receptive_field.axes import axis_name, roles
from shapecalc.receptive_field.remarks import words
from shapecalc.receptive_field.remarks.chain import chain
from shapecalc.receptive_field.remarks.demand import outputs
from shapecalc.receptive_field.remarks.remark import Kind, Remark
from shapecalc.receptive_field.remarks.survey import Survey
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.walk import Fields

# ---------------------------------------------------------------------------- whole axes


@dataclass(frozen=True, slots=True)
class _Widening:
    at: OutputRef
    before: int | None
    others: int = field(compare=False)


def widened(survey: Survey) -> Iterator[Remark]:
    """Yield the first op of which every output sees all of an axis."""

    def find(key: InputAxis) -> _Widening | None:
        found = chain(survey, lambda source: bool(survey.widened(source, key)))
        if found is None:
            return None
        sources = survey.graph.layers[found.first.layer].sources
        sizes = [w.size for source in sources if (w := survey.window(source, key)) is not None]
        return _Widening(found.first, max(sizes, default=None), found.others)

    for tensor, axes, fact in survey.each(find):
        before = ""
        if fact.before is not None:
            before = f"; the windows before it are {words.by_axes(fact.before, axes)}"
        yield Remark(
            kind=Kind.WIDENED,
            layers=survey.names_of(fact.at),
            input=tensor,
            axes=axes,
            text=(
                f"{survey.label(fact.at, kind=True)} is the first op of which every output sees "
                f"all {words.all_lines(axes)}{before}{words.others(fact.others)}"
            ),
            numbers={"before": fact.before, "others": fact.others},
        )


# ---------------------------------------------------------------------------- the batch


def batch(survey: Survey, at: Fields | None) -> Iterator[Remark]:
    """Yield the first op of which an output depends on several images of the batch.

    `at` are the fields at given sizes: what symbols leave open is certain there.
    """
    for tensor in survey.graph.inputs:
        axis = roles(tensor).batch
        if axis is None:
            continue
        key = InputAxis(tensor.name, axis)
        first = next((place for _, place in survey.tensors() if _mixes(survey, place, key)), None)
        if first is None:
            continue
        certain, known = survey.reach(first, key) is not None, survey
        if not certain and at is not None:
            known = Survey(at)
            places = (place for _, place in known.tensors() if _mixes(known, place, key))
            certain, first = True, next(places, first)
        mixes = not certain or _mixes(known, first, key)
        text = _mixing(survey, first, certain=certain) if mixes else _folding(known, first, key)
        if text:
            yield Remark(
                kind=Kind.BATCH,
                layers=survey.names_of(first),
                input=tensor.name,
                axes=(axis_name(tensor, axis),),
                text=text,
                numbers={"certain": certain, "mixed": mixes},
            )


def _mixing(survey: Survey, place: OutputRef, *, certain: bool) -> str:
    name = survey.label(place, kind=True)
    if not certain:
        return (
            f"{name} lays positions into the batch: at some sizes, an output from there on depends "
            "on part of an image, or on several images"
        )
    if "BatchNorm" in name:
        return (
            f"{name} takes mean and variance over the whole batch, as batch norm does in "
            "training: from there on, every output depends on all images of the batch"
        )
    return f"{name} mixes the batch: from there on, an output depends on several images of it"


def _folding(survey: Survey, place: OutputRef, key: InputAxis) -> str:
    """Return what becomes of the batch where no image is mixed with another, but cut in parts."""
    images = survey.shape_of(key)[key.axis]
    for source in outputs(survey.graph):
        reach, shape = survey.reach(source, key), survey.shape(source)
        axes = {digit.axis for digit in reach.moving} if reach is not None else set()
        if len(axes) == 1 and shape[min(axes)] != images:
            return (
                f"{survey.label(place, kind=True)} lays positions into the batch: {images} images "
                f"come out as {dims.format_dim(shape[min(axes)])} rows of the output"
            )
    return ""


def _mixes(survey: Survey, place: OutputRef, key: InputAxis) -> bool:
    """Tell whether an element of a tensor depends on several images, for all that is known."""
    found = survey.fields.of(place)
    reach = None if found is None or found.unknown else found.reaches.get(key)
    if reach is None:
        return False
    if reach.moving:
        return not reach.as_one().relation.is_single()
    size = dims.as_int(survey.shape_of(key)[key.axis])
    return bool(reach.widened) and size != 1
