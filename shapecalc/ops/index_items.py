"""What stands in the brackets: https://numpy.org/doc/stable/user/basics.indexing.html."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from types import EllipsisType
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.errors import SizeError
from shapecalc.op import Operand, axis_index


@dataclass(frozen=True, slots=True)
class Slice:
    """start:stop:step, as Python writes it.

    Units:
        start, stop, step: elements; None where nothing is written.
    """

    start: Dim | None = None
    stop: Dim | None = None
    step: Dim | None = None

    def __str__(self) -> str:
        bounds = [self.start, self.stop] + ([] if self.step is None else [self.step])
        return ":".join("" if bound is None else dims.format_dim(bound) for bound in bounds)


class Chosen(Enum):
    """An entry of an index that selects elements by a tensor or a truth."""

    INTEGERS = "integers"
    MASK = "mask"
    ALL = "True"
    NONE = "False"


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry that selects by integers written down, here in a row."""

    integers: tuple[int, ...]

    @property
    def least(self) -> int:
        """The least of the integers."""
        return min(self.integers)

    @property
    def greatest(self) -> int:
        """The greatest of the integers."""
        return max(self.integers)

    def __str__(self) -> str:
        return f"[{self.least}, ..., {self.greatest}]"


@dataclass(frozen=True, slots=True)
class Truths:
    """A mask that is written down, here in a row."""

    truths: tuple[bool, ...]

    @property
    def count(self) -> int:
        """How many of the entries are true."""
        return sum(self.truths)

    def places(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return, for each axis of a mask of that shape, the indices of its true entries.

        >>> Truths((True, False, True, True)).places(Shape((2, 2)))
        [(0, 1, 1), (0, 0, 1)]
        """
        places = product(*(range(int(size)) for size in shape))
        true = [place for place, truth in zip(places, self.truths, strict=True) if truth]
        return [tuple(place[axis] for place in true) for axis in range(len(shape))]

    def __str__(self) -> str:
        return f"mask of {self.count}"


Item: TypeAlias = Dim | Slice | Chosen | Listed | Truths | EllipsisType | None


def item_text(item: Item) -> str:
    """Return an entry as Python writes it."""
    match item:
        case EllipsisType():
            return "..."
        case Chosen():
            return item.value
        case None | Slice() | Listed() | Truths():
            return str(item)
        case _:
            return dims.format_dim(item)


def as_index(index: Any) -> tuple[tuple[Item, ...], tuple[Operand, ...]]:
    """Return an index as a rule knows it, and the tensors in it.

    Raises:
        SizeError: an entry is nothing that torch takes.
    """
    entries = list(index) if _is_tuple(index) else [index]
    items, tensors = list[Item](), list[Operand]()
    for entry in entries:
        item, found = _as_item(entry)
        items.append(item)
        tensors += found
    dots = [n for n, item in enumerate(items) if item is ...]
    if len(dots) > 1:  # torch takes a second one at the end, where it stands for no axis
        if dots[1] < len(items) - 1:
            raise SizeError("an index has one ellipsis")
        items.pop()
    return tuple(items), tuple(tensors)


def _is_tuple(index: Any) -> bool:
    """Tell whether torch takes a sequence for a tuple, as it takes a list of lists or slices."""
    if isinstance(index, tuple):
        return True
    kinds = (Operand, slice, EllipsisType, type(None), list, tuple)
    return isinstance(index, list) and any(isinstance(entry, kinds) for entry in index)


def _as_item(entry: Any) -> tuple[Item, list[Operand]]:
    match entry:
        case None | EllipsisType():
            return entry, []
        case bool():
            return (Chosen.ALL if entry else Chosen.NONE), []
        case slice(start=start, stop=stop, step=step):
            bounds = [
                None if bound is None else dims.as_dim(bound) for bound in (start, stop, step)
            ]
            return Slice(*bounds), []
        case Operand():
            return _by_tensor(entry)
        case list() | tuple() | range():
            item, tensors = _by_tensor(Operand(_nested_shape(entry), _leaf_type(entry)))
            leaves = list(_leaves(entry))
            if item is Chosen.INTEGERS and leaves and all(type(n) is int for n in leaves):
                item = Listed(tuple(leaves))
            elif item is Chosen.MASK and all(isinstance(leaf, bool) for leaf in leaves):
                item = Truths(tuple(leaves))
            return item, tensors
        case _ if isinstance(entry, int) or hasattr(entry, "free_symbols"):
            return dims.as_dim(entry), []
        case _ if hasattr(entry, "shape"):  # a NumPy array
            return _by_tensor(Operand(Shape(entry.shape), str(entry.dtype)))
    raise SizeError(f"a tensor cannot be indexed by {entry!r}")


def _by_tensor(tensor: Operand) -> tuple[Item, list[Operand]]:
    if tensor.dtype in ("bool", "uint8"):
        return Chosen.MASK, [tensor]
    if tensor.dtype not in ("int32", "int64"):
        raise SizeError(f"a tensor of {tensor.dtype} cannot be an index")
    return Chosen.INTEGERS, [tensor]


def _nested_shape(entry: Any) -> Shape:
    sizes = list[int]()
    while isinstance(entry, (list, tuple, range)):
        sizes.append(len(entry))
        entry = entry[0] if entry else None
    return Shape((*sizes, *(entry.shape if isinstance(entry, Operand) else ())))


def _leaf_type(entry: Any) -> str:
    leaves = list(_leaves(entry))
    if leaves and all(isinstance(leaf, bool) for leaf in leaves):
        return "bool"
    return leaves[0].dtype if leaves and isinstance(leaves[0], Operand) else "int64"


def _leaves(entry: Any) -> Iterator[Any]:
    if isinstance(entry, (list, tuple, range)):
        for inner in entry:
            yield from _leaves(inner)
    else:
        yield entry


def at_axis(item: Any, dim: int, ndim: int) -> tuple[Item, ...]:
    """Return the index that applies `item` to one axis."""
    return (*(Slice() for _ in range(axis_index(dim, ndim))), item)
