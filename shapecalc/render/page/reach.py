"""How every op reads its operands, as JSON from which the page finds receptive fields.

The page goes back from one output element to the inputs, op by op, at the sizes that are typed.
What is read is cut off at the ends of every tensor on the way, so that the field is exact at the
borders, too. A relation in symbols could not say that: it describes outputs far from them.
"""

from __future__ import annotations

from shapecalc.access import (
    Access,
    AxisAccess,
    Element,
    Interval,
    OperandAccess,
    Regroup,
    Same,
    Whole,
    Window,
)
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.axes import axis_name, roles
from shapecalc.receptive_field.sizes import fields_of
from shapecalc.receptive_field.walk import Fields
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.plain import plain
from shapecalc.render.writing import Json

_MASKED = "the values of the mask decide"
_UNNAMED = "how the op reads this operand is not known"


class Tensors:
    """The numbers of a graph's tensors: the inputs first, then the outputs, layer by layer."""

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph
        self._inputs = {tensor.name: n for n, tensor in enumerate(graph.inputs)}
        self._first = list[int]()
        count = len(graph.inputs)
        for layer in graph.layers:
            self._first.append(count)
            count += len(layer.out_shapes)

    def number(self, source: Source) -> int | None:
        """Return the number of a tensor; None for a constant."""
        match source:
            case InputRef(name):
                return self._inputs.get(name)
            case OutputRef(layer, output):
                return self._first[layer] + output
        return None


def tensors(graph: LayerGraph, formulas: Formulas) -> Json:
    """Return every tensor: its shape, and how it is read off the tensors before it."""
    numbers, found = Tensors(graph), fields_of(graph.home)
    made: list[Json] = []
    for tensor in graph.inputs:
        spatial = roles(tensor).spatial
        made.append(
            {
                "name": plain(tensor.name),
                "shape": _sizes(tensor.shape, formulas),
                "axes": [[axis, plain(axis_name(tensor, axis))] for axis in spatial],
            }
        )
    for layer in graph.layers:
        for output, shape in enumerate(layer.out_shapes):
            made.append(
                {
                    "name": plain(layer.name),
                    "shape": _sizes(shape, formulas),
                    "reads": _reads(layer, output, numbers, found, formulas),
                }
            )
    return made


def _sizes(shape: object, formulas: Formulas) -> list[int]:
    return [formulas.silent(size) for size in shape]  # type: ignore[attr-defined]


def _reads(
    layer: Layer, output: int, numbers: Tensors, found: Fields, formulas: Formulas
) -> list[Json]:
    """Return the operands that are read, each with its accesses.

    An operand that is read in a way that is not known has None in the place of accesses.
    """
    rules = found.reads(layer, output)
    made = []
    for n, source in enumerate(layer.sources):
        field, number = found.of(source), numbers.number(source)
        if number is None or field is None or not (field.reaches or field.unknown):
            continue
        if rules is None:
            made.append([number, None, ""])
        elif n >= len(rules):
            made.append([number, "all", _UNNAMED])
        elif rules[n] is not None:
            why = _MASKED if layer.masked else ""
            made.append([number, _operand(rules[n], formulas), why])
    return made


def _operand(access: OperandAccess, formulas: Formulas) -> Json:
    if isinstance(access, Regroup):
        return "regroup"
    several = [access] if isinstance(access, Access) else list(access or ())
    return [
        {
            "axes": [_entry(entry, formulas) for entry in one.axes],
            "when": [
                [r.axis, *(formulas.silent(end) for end in (r.start, r.stop, r.step))]
                for r in one.when
            ],
            "bound": one.bound,
        }
        for one in several
    ]


def _entry(entry: AxisAccess, formulas: Formulas) -> Json:
    match entry:
        case Same(axis):
            return ["same", axis]
        case Whole():
            return ["whole"]
        case Element(at):
            return ["element", formulas.silent(at)]
        case Interval(low=low, high=high):
            return ["interval", formulas.silent(low), formulas.silent(high)]
        case Window():
            sizes = (entry.kernel_size, entry.stride, entry.padding, entry.dilation)
            numbers = [formulas.silent(size) for size in sizes]
            return ["window", entry.axis, *numbers, entry.transposed, entry.mode]
