"""What receptive fields tell beyond their sizes: holes, gaps, alignment, lost pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from shapecalc.graph import LayerGraph
from shapecalc.receptive_field.remarks.alignment import misaligned, off_centre
from shapecalc.receptive_field.remarks.remark import Kind as Kind
from shapecalc.receptive_field.remarks.remark import Number as Number
from shapecalc.receptive_field.remarks.remark import Remark as Remark
from shapecalc.receptive_field.remarks.spreading import batch, widened
from shapecalc.receptive_field.remarks.survey import Survey
from shapecalc.receptive_field.remarks.unseen import unseen
from shapecalc.receptive_field.remarks.windows import gaps, holes, larger
from shapecalc.receptive_field.sizes import complete_sizes, fields_of

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def remarks(
    model: Analysis | LayerGraph, sizes: Mapping[str, int] | None = None
) -> tuple[Remark, ...]:
    """Return what is worth knowing of a model's receptive fields: one remark per kind and origin.

    At given `sizes`, the pixels that no output sees are listed, and windows that are larger than
    the image are remarked on.

    Raises:
        InputError: a size is missing, or unknown to the model.
    """
    graph = model if isinstance(model, LayerGraph) else model.graph
    at, complete = None, dict[str, int]()
    if sizes is not None:
        complete = complete_sizes(graph, sizes)
        graph = graph.home.at(complete)
        at = fields_of(graph.home, complete)
    survey = Survey(fields_of(graph.home))
    found = [*holes(survey), *gaps(survey), *misaligned(survey), *off_centre(survey)]
    if not graph.findings:  # else what comes after might see what is not seen so far
        found += unseen(survey, at, complete)
    if at is not None:
        found += larger(survey, complete)
    found += [*widened(survey), *batch(survey, at)]
    if len({key.input for key in survey.names}) > 1:
        found = [replace(each, text=f"on {each.input}, {each.text}") for each in found]
    return tuple(found)
