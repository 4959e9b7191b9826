"""What a remark is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = int | Fraction | str | tuple["Number", ...] | None


class Kind(StrEnum):
    """What a remark is about."""

    HOLES = "holes"
    """a window has holes: gridding, as stacked dilated convolutions make it"""
    GAPS = "gaps"
    """the windows of neighbouring outputs do not touch"""
    OFF_CENTRE = "off-centre"
    """outputs look neither at pixel stride*i nor at the middle of its cell"""
    MISALIGNED = "misaligned"
    """branches meet whose windows have other centres or strides"""
    UNSEEN = "unseen"
    """pixels that no output of the model sees"""
    LARGER = "larger than the image"
    """windows are larger than the image, at given sizes: all of them reach over its border"""
    WIDENED = "widened"
    """the window is the whole axis from here on"""
    BATCH = "batch"
    """an output depends on other images of its batch"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing about receptive fields that their sizes alone do not tell.

    `layers` begins with the layer where it begins; the others have a part in it: the branches
    that meet, or where it ends. `axes` are those of `input` that it is about. `numbers` are the
    numbers in `text` by their names; indices count from zero.

    Units:
        size, offsets, centre, indices: elements of the input.
        stride: elements of the input per element of the output.
    """

    kind: Kind
    layers: tuple[str, ...]
    input: str
    axes: tuple[str, ...]
    text: str
    numbers: Mapping[str, Number]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
