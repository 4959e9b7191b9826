"""Windows as formulas, by the recurrence: for parameters that are symbols.

Where a stride is a symbol, no integer relation can be written; size, stride and padding of a
window still are formulas of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from shapecalc import dims
from shapecalc.access import Access, AxisAccess, Same, Window
from shapecalc.conditions import Hint, Path, following
from shapecalc.dims import ONE, ZERO, Dim
from shapecalc.graph import InputRef, Label, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.setting import InputAxis


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window that moves evenly: output i sees `size` inputs from stride*i - padding on.

    Units:
        size, padding, centre: elements of the input; indices count from zero.
        stride: elements of the input per element of the output.
    """

    size: Dim = ONE
    stride: Dim = ONE
    padding: Dim = ZERO

    @property
    def centre(self) -> Dim:
        """The centre of output 0's window."""
        return dims.expand(-self.padding + (self.size - 1) / dims.as_dim(2))

    def through(self, window: Window) -> Span:
        """Return the window of an op on top of this one: r + (k - 1)*d*j, j*s, P + p*j.

        >>> Span(size=dims.as_dim(11), stride=dims.as_dim(4)).through(
        ...     Window(axis=2, kernel_size=dims.as_dim(3), stride=dims.as_dim(2))
        ... ).size
        19
        """
        k, d = window.kernel_size, window.dilation
        return Span(
            size=dims.expand(self.size + (k - 1) * d * self.stride),
            stride=dims.expand(self.stride * window.stride),
            padding=dims.expand(self.padding + window.padding * self.stride),
        )


Spans: TypeAlias = Mapping[InputAxis, tuple[int, Span] | None]
"""By the axes of the inputs, along which axis of a tensor what moves; None for anything else."""


def spans(graph: LayerGraph) -> dict[Source, Spans]:
    """Return the windows of all tensors of a graph by the recurrence alone."""
    found: dict[Source, Spans] = {
        InputRef(tensor.name): {
            InputAxis(tensor.name, axis): (axis, Span()) for axis in roles(tensor).spatial
        }
        for tensor in graph.inputs
    }
    hint = Hint(dict(graph.hint))
    for layer in graph.layers:
        for output in range(len(layer.out_shapes)):
            found[OutputRef(layer.index, output)] = _passed(layer, output, found, hint)
    return found


def _passed(layer: Layer, output: int, found: Mapping[Source, Spans], hint: Hint) -> Spans:
    made: dict[InputAxis, tuple[int, Span] | None] = {}
    how = accesses(layer, output, hint)
    for n, source in enumerate(layer.sources):
        access = how[n] if n < len(how) else None
        for key, known in found.get(source, {}).items():
            now = None
            if access is not None and known is not None:
                now = _moved(known, access)
            made[key] = now if key not in made or made[key] == now else None
    return made


def _moved(known: tuple[int, Span], access: Access) -> tuple[int, Span] | None:
    place, before = known
    window = as_window(access.axes[place])
    if window is None or window.transposed:
        return None
    return window.axis, before.through(window)


def accesses(layer: Layer, output: int, hint: Hint) -> list[Access | None]:
    """Return how the operands are read, None where that is not the same for every output."""
    if layer.label != Label.PROVED:
        return []
    with following(Path(hint)):
        reads = layer.op.reads(layer.in_shapes, layer.out_shapes[output], output) or ()
    return [
        access if isinstance(access, Access) and not access.when and not access.bound else None
        for access in reads
    ]


def as_window(entry: AxisAccess) -> Window | None:
    """Return an entry as a sliding window, where it is one."""
    match entry:
        case Same(axis):
            return Window(axis=axis)
        case Window():
            return entry
    return None
