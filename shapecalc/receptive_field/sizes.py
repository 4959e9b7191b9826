"""The fields of a graph at given sizes, and the same record on another path of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from shapecalc.errors import InputError
from shapecalc.graph import Home, Layer, LayerGraph, ModuleCall
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.walk import Fields, fields

Record: TypeAlias = Layer | ModuleCall


def fields_of(home: Home, sizes: Mapping[str, int] | None = None) -> Fields:
    """Return the fields of a graph, found once for every choice of sizes."""
    key = None if sizes is None else tuple(sorted(sizes.items()))
    if key not in home.fields:
        assert home.graph is not None
        home.fields[key] = fields(home.graph, sizes)
    found: Fields = home.fields[key]
    return found


def complete_sizes(graph: LayerGraph, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes for all symbols of a graph; a batch that is left out is 1.

    Raises:
        InputError: a size is missing, unknown or not positive.
    """
    names = dict.fromkeys((*map(str, graph.symbols), *graph.hint))
    for name, size in sizes.items():
        if name not in names:
            known = ", ".join(map(str, graph.symbols)) or "none"
            raise InputError(f"{name} is no symbol of this model; they are: {known}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InputError(f"{name} is a size: a whole number, got {size!r}")
    batches = {
        str(tensor.shape[batch])
        for tensor in graph.inputs
        if (batch := roles(tensor).batch) is not None
    }
    found = dict(sizes)
    for name in map(str, graph.symbols):
        if name not in found:
            if name not in batches:
                raise InputError(f"a size is missing for {name}: give {name}=...")
            found[name] = 1 if graph.holds({**graph.hint, **found, name: 1}) else graph.hint[name]
    return found


def same_record(graph: LayerGraph, record: Record, home: LayerGraph) -> Record:
    """Return the record in another graph of the same model: the same call of the same name."""
    if graph is home:
        return record
    kind = type(record)
    here, there = (
        [r for r in (g.layers if kind is Layer else g.calls) if r.name == record.name]
        for g in (home, graph)
    )
    number = next(n for n, r in enumerate(here) if r is record)
    if number >= len(there):
        raise InputError(f"at these sizes the model does not call {record.name}")
    found: Record = there[number]
    return found
