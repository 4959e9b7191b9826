"""The tables of `shapecalc field`: one for each input, with a line for every op or module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.graph import Layer, ModuleCall
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.at_sizes import (
    AxisWindow,
    Seen,
    output_axes,
    output_sizes,
    seen_by,
    window_at,
)
from shapecalc.receptive_field.recurrence import Step, steps
from shapecalc.render import fields
from shapecalc.render.plain import plain
from shapecalc.render.rows import Row, rows

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of `show` with its field on one input; at given sizes also the field there.

    `seen` are the outputs that see a pixel, where one is asked for.
    """

    row: Row
    field: ReceptiveField
    at: ReceptiveField | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The lines of all rows that see one input, and what is to be said below them."""

    model: str
    input: str
    shape: str
    sizes: Mapping[str, int]
    pixel: tuple[int, ...]
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """What the table is about, in one line."""
        at = f" at {fields.numbers(self.sizes)}" if self.sizes else ""
        name = f"{plain(self.input)} {self.shape}"
        if self.pixel:
            place = ", ".join(map(str, self.pixel))
            return f"{self.model}: which outputs see pixel {place} of {name}{at}"
        return f"{self.model}: receptive fields on {name}{at}"

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        if self.pixel:
            return ("layer", "op", "outputs that see it", "how many")
        rest = ("outputs", "sees at most") if self.sizes else ()
        return ("layer", "op", *fields.HEADERS, *rest, "known")

    @property
    def cells(self) -> Iterator[tuple[str, ...]]:
        """The texts of every line."""
        for line in self.lines:
            op = line.row.op
            if line.seen is not None:
                sign = "<= " if line.at is not None and line.at.bounds else ""
                places, share = fields.places(line.seen), fields.share(line.seen)
                yield (line.row.name, op, sign + places, sign + share)
            elif self.pixel:
                yield (line.row.name, op, "?", "")
            else:
                yield (line.row.name, op, *_window(line, self.sizes))

    @property
    def notes(self) -> Iterator[str]:
        """The conventions, and what the cells leave open."""
        if self.pixel:
            yield (
                "indices count from 0; all: every output sees it; the outputs of one channel of "
                "one image are counted"
            )
        else:
            yield from fields.CONVENTIONS
        if self.sizes and not self.pixel:
            yield "sees at most: the widest window within the input, its borders counted"
        shown = [line.at if _by_size(line) else line.field for line in self.lines]
        said = fields.doubts if self.pixel else fields.notes
        yield from said([field for field in shown if field is not None], batch=bool(self.pixel))


def sheets(
    analysis: Analysis,
    *,
    depth: int,
    sizes: Mapping[str, int] | None = None,
    pixel: Sequence[int] = (),
) -> list[Sheet]:
    """Return the tables; none where no layer sees an input with positions.

    Raises:
        InputError: there is no such pixel.
    """
    sizes = sizes or {}
    shapes = {tensor.name: str(tensor.shape) for tensor in analysis.inputs}
    listed = rows(analysis, depth=depth)
    found = []
    for name in fields.inputs(analysis):
        lines = []
        for row in listed:
            field = fields.fields_of(row.record).get(name)
            if field is None:
                continue
            at = field.at(**sizes) if sizes else None
            seen = seen_by(field, pixel, sizes) if pixel and not field.unknown else None
            lines.append(Line(row=row, field=field, at=at, seen=seen))
        found.append(
            Sheet(
                model=plain(analysis.graph.name),
                input=name,
                shape=shapes[name],
                sizes=sizes,
                pixel=tuple(pixel),
                lines=tuple(lines),
            )
        )
    return found


def _by_size(line: Line) -> bool:
    """Tell whether the field can only be given at the sizes: with symbols it is a bound."""
    return line.at is not None and not line.field.unknown and bool(line.field.bounds)


def _window(line: Line, sizes: Mapping[str, int]) -> tuple[str, ...]:
    shown = line.at if line.at is not None and _by_size(line) else line.field
    found = fields.cells(shown)
    if line.at is None:
        return (*found.window, found.known)
    if line.at.unknown:
        return (*found.window, "", "", found.known)
    outputs = output_sizes(line.field, sizes) if output_axes(line.at) else ()
    return (
        *found.window,
        " x ".join(map(str, outputs)),
        fields.together([_widest(line.at, n) for n in range(len(line.at.axes))]),
        fields.cells(line.at).known,
    )


def _widest(field: ReceptiveField, axis: int) -> str:
    largest, size = field.extents[axis].size, field.per_axis[axis].size
    if largest is None:
        return "?"
    return "all" if largest == size else dims.format_dim(largest)


# ---------------------------------------------------------------------------- one layer


def title(record: Layer | ModuleCall) -> str:
    """Return the name and kind of a record: `layer3 (Sequential)`."""
    return f"{plain(record.name)} ({plain(record.kind)})"


def steps_of(record: Layer | ModuleCall) -> tuple[Step, ...]:
    """Return the recurrence of an op, or of a module that is one op."""
    if isinstance(record, Layer):
        return steps(record)
    graph = record.home.graph
    assert graph is not None
    return steps(graph.layers[record.layers.start]) if len(record.layers) == 1 else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a layer's output, and what it sees of each input."""

    record: Layer | ModuleCall
    index: tuple[int, ...]
    outputs: tuple[int, ...]
    sizes: Mapping[str, int]
    windows: Mapping[str, tuple[AxisWindow, ...]]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """Which element of which layer, in one line."""
        place, shape = ", ".join(map(str, self.index)), " x ".join(map(str, self.outputs))
        return f"{title(self.record)}, output {place} of {shape} at {fields.numbers(self.sizes)}"


def element(
    record: Layer | ModuleCall, index: tuple[int, ...], sizes: Mapping[str, int]
) -> Element:
    """Return what an element of a layer's output sees.

    Raises:
        InputError: no input reaches the layer, its field is unknown, or there is no such element.
    """
    found = fields.fields_of(record)
    if not found:
        raise InputError(f"no input with positions reaches {record.name or 'it'}")
    at = [field.at(**sizes) for field in found.values()]
    return Element(
        record=record,
        index=index,
        outputs=output_sizes(next(iter(found.values())), sizes),
        sizes=sizes,
        windows={name: window_at(field, index, sizes) for name, field in found.items()},
        notes=tuple(f"an upper bound: {why}" for field in at for why in field.bounds),
    )
