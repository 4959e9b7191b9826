"""The cells of receptive fields: the one place that writes a size, a stride, a window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.graph import Layer, ModuleCall
from shapecalc.receptive_field import ReceptiveField, receptive_fields
from shapecalc.receptive_field.at_sizes import Seen
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.recurrence import Step
from shapecalc.receptive_field.remarks.words import ranges as ranges
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.render.rows import Row

HEADERS = ("field", "stride", "padding", "centre")
CONVENTIONS = (
    "pixel indices count from 0; output i sees the inputs from stride*i - padding on",
    "centre = -padding + (size - 1)/2, where output 0 looks; a field is what outputs far from "
    "the borders see",
)

_MOST_NAMES = 6  # ops in a note


@dataclass(frozen=True, slots=True)
class Cells:
    """A receptive field as the cells of a table; axes that agree share one text."""

    field: str = ""
    stride: str = ""
    padding: str = ""
    centre: str = ""
    known: str = ""

    @property
    def window(self) -> tuple[str, str, str, str]:
        """The cells under `HEADERS`."""
        return (self.field, self.stride, self.padding, self.centre)


NOTHING = Cells()


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of the rows of a table on one input, and the names of the other inputs."""

    input: str
    others: tuple[str, ...]
    fields: tuple[ReceptiveField | None, ...]

    @property
    def cells(self) -> list[Cells]:
        """The cells of every row."""
        return [cells(field) for field in self.fields]

    def notes(self, shown: Sequence[str] = HEADERS) -> Iterator[str]:
        """Yield what has to be said below a table that has columns for other things, too."""
        name = plain(self.input)
        yield (
            f"{', '.join(shown)}: the receptive field, in elements of {name}; "
            "`shapecalc field` says more"
        )
        if self.others:
            yield f"the fields on {', '.join(map(plain, self.others))}: `shapecalc field`"
        yield from notes(field for field in self.fields if field is not None)


def columns(analysis: Analysis, lines: Sequence[Row], name: str | None = None) -> Columns | None:
    """Return the fields of rows on one input, the first by default; None if it is never seen."""
    known = inputs(analysis)
    if not known:
        return None
    chosen = known[0] if name is None else name
    others = tuple(other for other in known if other != chosen)
    return Columns(chosen, others, tuple(fields_of(row.record).get(chosen) for row in lines))


def fields_of(record: Layer | ModuleCall | None) -> Mapping[str, ReceptiveField]:
    """Return the fields of a row's record, by the names of the inputs; none for a failed call."""
    return {} if record is None or record.home.graph is None else receptive_fields(record)


def inputs(analysis: Analysis) -> list[str]:
    """Return the names of the inputs that have positions, and that a layer sees."""
    names = [tensor.name for tensor in analysis.inputs if roles(tensor).spatial]
    reached = {name for layer in analysis.layers for name in fields_of(layer)} if names else set()
    return [name for name in names if name in reached]


def cells(field: ReceptiveField | None) -> Cells:
    """Return the cells of a field."""
    if field is None:
        return NOTHING
    if field.unknown:
        return Cells("?", known="unknown")
    axes = [axis_cells(field, n) for n in range(len(field.axes))]
    size, stride, padding, centre = map(together, zip(*axes, strict=True))
    return Cells(size, stride, padding, centre, "bound" if field.bounds else "exact")


def axis_cells(field: ReceptiveField, axis: int) -> tuple[str, str, str, str]:
    """Return the cells of one axis under `HEADERS`."""
    entry, extent = field.per_axis[axis], field.extents[axis]
    if entry.span is not None:
        _, found = entry.span
        values = (found.size, found.stride, found.padding, found.centre)
        size, stride, padding, centre = map(dims.format_dim, values)
        return size, stride, padding, centre
    sign = "<= " if entry.bound else ""
    if is_whole(field, axis):
        return f"{sign}all", "", "", ""
    rest = (number(extent.stride), number(extent.padding), number(extent.centre))
    return sign + _size(extent.size, extent.smallest, bounded=bool(sign)), *rest


def is_whole(field: ReceptiveField, axis: int) -> bool:
    """Tell whether every output sees the whole axis, as far as no formula says otherwise."""
    entry = field.per_axis[axis]
    everything = not entry.outputs and field.extents[axis].size == entry.size
    return (entry.whole or everything) and entry.span is None


def widened(field: ReceptiveField, axis: int) -> str:
    """Return the op that made a field the whole axis, where it is that."""
    return field.per_axis[axis].reach.widened if is_whole(field, axis) else ""


def _size(largest: Dim | None, smallest: Dim | None, *, bounded: bool) -> str:
    if largest is None:
        return "varies"
    if smallest is None:
        return dims.format_dim(largest) if bounded else f"up to {dims.format_dim(largest)}"
    texts = dict.fromkeys((dims.format_dim(smallest), dims.format_dim(largest)))
    return "..".join(texts)


def together(texts: Sequence[str]) -> str:
    """Return the texts of all axes as one: that of H and W where they agree.

    >>> together(["7", "7"]), together(["7", "3"]), together(["<= 7", "<= 3"])
    ('7', '7 x 3', '<= 7 x 3')
    """
    if len(set(texts)) == 1:
        return texts[0]
    if all(text.startswith("<= ") for text in texts):
        return "<= " + " x ".join(text.removeprefix("<= ") for text in texts)
    return " x ".join(text or "-" for text in texts)


def number(value: int | Fraction | None) -> str:
    """Return a number as it is written: fractions as `1/2`, nothing for None."""
    return "" if value is None else str(value)


# ---------------------------------------------------------------------------- sentences


def notes(found: Iterable[ReceptiveField], *, batch: bool = True) -> Iterator[str]:
    """Yield what the cells of some fields leave open, each thing once.

    `batch` leaves what mixes the batch to the remarks, where it is False.
    """
    fields = list(found)
    known = [field for field in fields if not field.unknown]
    causes = dict.fromkeys(
        name for field in known for n in range(len(field.axes)) if (name := widened(field, n))
    )
    if causes:
        yield f"all: the whole axis, since {_names(causes)}"
    texts = [cells(field).field for field in known]
    for field, text in [pair for pair in zip(known, texts, strict=True) if " x " in pair[1]][:1]:
        yield f"{text.removeprefix('<= ')}: {' x '.join(map(plain, field.axes))}"
    for example in [text for text in texts if ".." in text][:1]:
        yield (
            f"{example}, for example: the size depends on the output's index, as it does after "
            "an up-sampling; padding and centre are those of output 0"
        )
    if any(_counted_together(field) for field in known):
        yield "one axis of the output counts rows and columns: strides are averages along it"
    elif any("/" in cells(field).stride for field in known):
        yield "a stride that is a fraction is an average over the outputs"
    if any("varies" in text or "up to" in text for text in texts):
        yield "varies, up to: the size depends on the output's index; `field --layer NAME` says how"
    yield from doubts(fields, batch=batch)


def doubts(found: Iterable[ReceptiveField], *, batch: bool = True) -> Iterator[str]:
    """Yield why some fields are bounds or unknown, and what ties the images of a batch."""
    fields = list(found)
    known = [field for field in fields if not field.unknown]
    for reason in dict.fromkeys(reason for field in known for reason in field.bounds):
        yield f"<= is an upper bound: {plain(reason)}"
    unknown = dict.fromkeys(field.unknown for field in fields if field.unknown)
    if unknown:
        yield f"?: unknown from {_names(unknown)} on, which has no rule"
    mixing = dict.fromkeys(field.batch for field in known if field.batch)
    if mixing and batch:
        yield (
            f"{_names(mixing)} mixes the batch: from there on every output depends on "
            "all images of it"
        )


def _counted_together(field: ReceptiveField) -> bool:
    """Tell whether several axes of the input move along the same axis of the output."""
    moving = [axis for entry in field.per_axis for axis in entry.outputs]
    return len(set(moving)) < len(moving)


def _names(names: Iterable[str]) -> str:
    listed = [plain(name) for name in names]
    rest = len(listed) - _MOST_NAMES
    more = f" and {rest} more ops" if rest > 0 else ""
    return ", ".join(listed[:_MOST_NAMES]) + more


def sentence(field: ReceptiveField) -> str:
    """Return a field as one line: `11 x 11, stride 4, padding 5, centre 0`."""
    found = cells(field)
    named = zip(HEADERS[1:], found.window[1:], strict=True)
    return ", ".join([found.field, *(f"{name} {text}" for name, text in named if text)])


def origin(step: Step) -> str:
    """Return what the recurrence of a step begins with, as a sentence."""
    before, found = step.before, step.window
    operand = f"r = {dims.format_dim(before.size)}, j = {dims.format_dim(before.stride)}"
    named = {
        "stride": (found.stride, 1),
        "padding": (found.padding, 0),
        "dilation": (found.dilation, 1),
    }
    parts = [f"kernel_size {dims.format_dim(found.kernel_size)}"]
    parts += [f"{name} {dims.format_dim(v)}" for name, (v, usual) in named.items() if v != usual]
    kind = "a transposed window" if found.transposed else "a window"
    return f"from {plain(step.operand)}, which has {operand}, by {kind} of {', '.join(parts)}"


def places(seen: Seen) -> str:
    """Return which outputs see a pixel, axis by axis: `H 2..5, W 1..4`."""
    if not seen.count:
        return "none"
    texts = []
    for axis, found in zip(seen.axes, seen.places, strict=True):
        if found is None:
            texts.append(f"{axis} all")
        elif len(found[0]) == 1:
            texts.append(f"{axis} {ranges([index for (index,) in found])}")
        else:
            texts.append(f"{axis} {len(found)} places")
    joint = "; " if any(", " in text for text in texts) else ", "
    return joint.join(texts) if any(seen.places) else "all"


def share(seen: Seen) -> str:
    """Return how many outputs see a pixel: `16 of 784`."""
    return f"{seen.count:,} of {seen.total:,}"


def numbers(values: Mapping[str, int]) -> str:
    """Return sizes as they are written: `H=224, W=224`."""
    return ", ".join(f"{name}={size}" for name, size in values.items())
