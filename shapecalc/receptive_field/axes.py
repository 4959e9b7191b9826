"""Which axes of an input are positions, which the batch and which the channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shapecalc import dims
from shapecalc.graph import Input

_BATCH = ("N", "B")
_CHANNELS = ("C",)


@dataclass(frozen=True, slots=True)
class Roles:
    """The axes of an input by what they are for, counted from the front."""

    batch: int | None
    channels: int | None
    spatial: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """The axes that fields are followed to: the batch and the positions."""
        return self.spatial if self.batch is None else (self.batch, *self.spatial)


@lru_cache
def roles(tensor: Input) -> Roles:
    """Return the roles of the axes of an input, as people write them.

    `N` or `B` in front is the batch. `C`, or else the number that stands where torch has its
    channels, at axis 1 or at the end, is the channel axis; all other axes are positions.

    >>> roles(Input(name="x", shape=dims.Shape(map(dims.symbol, "NCHW")))).spatial
    (2, 3)
    """
    shape, rank = tensor.shape, len(tensor.shape)
    names = [str(size) for size in shape]
    batch = 0 if _has_batch(names, rank) else None
    rest = [axis for axis in range(rank) if axis != batch]
    channels = next((axis for axis in rest if names[axis] in _CHANNELS), None)
    if channels is None and len(rest) > 1:
        numbers = [axis for axis in rest if dims.as_int(shape[axis]) is not None]
        if len(numbers) == len(rest) or not numbers:
            channels = rest[0] if len(rest) > 1 and (numbers or rank > 3) else None
        elif rest[0] in numbers:
            channels = rest[0]
        elif rest[-1] in numbers:
            channels = rest[-1]
    spatial = tuple(axis for axis in rest if axis != channels)
    return Roles(batch, channels, spatial)


def axis_name(tensor: Input, axis: int) -> str:
    """Return what an axis of an input is called: its symbol, or its number where it has none.

    >>> axis_name(Input(name="x", shape=dims.Shape((1, 3, dims.symbol("H")))), 2)
    'H'
    """
    size = tensor.shape[axis]
    return str(size) if size.is_Symbol else f"axis {axis}"


def _has_batch(names: list[str], rank: int) -> bool:
    if not names:
        return False
    if names[0] in _BATCH:
        return True
    first_is_number = names[0].isdigit()
    return rank >= 4 or (rank == 2 and not first_is_number) or names[0] == "1"
