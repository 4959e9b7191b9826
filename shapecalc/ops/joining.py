"""Several tensors become one: https://pytorch.org/docs/stable/torch.html#joining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shapecalc import dims
from shapecalc.access import Access, Range, Reads, Same, along, broadcast_axes, shifted
from shapecalc.conditions import decide, require
from shapecalc.dims import Dim, Shape
from shapecalc.dtypes import promote
from shapecalc.errors import DimMismatchError, RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader

Tensors = Sequence[Operand]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cat(Op):
    """Tensors one after another along axis `dim`.

    Shapes:
        inputs: shapes that agree on every other axis; a tensor of shape (0,) is skipped
        output: their shape, with the sum of the sizes along `dim`

    Raises:
        RankError: there is no axis `dim`, or the numbers of axes differ.
        DimMismatchError: sizes on another axis differ.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cat.html
    """

    dim: int = 0
    function: str = field(default="cat", repr=False)

    @property
    def kind(self) -> str:
        """`cat`, `hstack`, `vstack`, ..."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Add the sizes along the axis."""
        if not inputs:
            raise SizeError(f"{self.function} expects a non-empty list of tensors")
        for shape in inputs:
            if not shape:
                raise RankError("a tensor with 0 dimensions cannot be concatenated")
        joined = [shape for shape in inputs if not _is_skipped(shape, inputs)] or [inputs[0]]
        first, *others = joined
        axis = axis_index(self.dim, len(first))
        for other in others:
            if len(other) != len(first):
                raise RankError(f"expected {len(first)} dimensions to join {first}, got {other}")
            pairs = zip(first, other, strict=True)
            for place, (expected, got) in enumerate(pairs):
                if place != axis:
                    rule = f"tensors joined along axis {axis} have to agree on axis {place}"
                    _require_alike(got, expected, rule)
        return (*first[:axis], dims.total(shape[axis] for shape in joined), *first[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor that the index along the axis falls into."""
        axis, start = axis_index(self.dim, len(out)), dims.ZERO
        reads = list[Access | None]()
        for shape in inputs:
            if _is_skipped(shape, inputs):
                reads.append(None)
                continue
            stop = dims.expand(start + shape[axis])
            part = Range(axis=axis, start=start, stop=stop)
            reads.append(replace(along(len(out), [axis], shifted(axis, -start)), when=(part,)))
            start = stop
        return reads


def _require_alike(got: Dim, expected: Dim, rule: str) -> None:
    sizes = f"expected {dims.format_dim(expected)}, got {dims.format_dim(got)}"
    require(got, "==", expected, f"{rule}: {sizes}", error=DimMismatchError)


def _is_skipped(shape: Shape, inputs: Sequence[Shape]) -> bool:
    """Tell whether torch leaves a tensor out: one of shape (0,), whatever the others are."""
    if len(shape) != 1 or all(len(other) == 1 for other in inputs):
        return False
    return decide(shape[0], "==", 0, "cat skips a tensor of shape (0,)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack(Op):
    """Tensors of one shape along a new axis `dim`.

    Shapes:
        inputs: one shape
        output: that shape with the number of tensors at `dim`

    Raises:
        RankError: there is no such place, or the numbers of axes differ.
        DimMismatchError: two shapes differ.

    Source:
        https://pytorch.org/docs/stable/generated/torch.stack.html
    """

    dim: int = 0

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Put the number of tensors in."""
        if not inputs:
            raise SizeError("stack expects a non-empty list of tensors")
        first = inputs[0]
        axis = axis_index(self.dim, len(first) + 1)
        for other in inputs[1:]:
            if len(other) != len(first):
                raise RankError(f"expected {len(first)} dimensions to stack {first}, got {other}")
            for place, (expected, got) in enumerate(zip(first, other, strict=True)):
                rule = f"tensors that are stacked have to agree on axis {place}"
                _require_alike(got, expected, rule)
        return (*first[:axis], len(inputs), *first[axis:])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor that the index on the new axis names."""
        new = axis_index(self.dim, len(out))
        axes = tuple(Same(axis) for axis in range(len(out)) if axis != new)
        numbers = map(dims.as_dim, range(len(inputs)))
        return [Access(axes, (Range(axis=new, start=n, stop=n + 1),)) for n in numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackAlong(Op):
    """`hstack`, `vstack`, `dstack`, `column_stack`: axes are added, then joined.

    Shapes:
        inputs: shapes that `cat` joins once they have the axes that the function adds
        output: what `cat` gives

    Raises:
        RankError: the numbers of axes differ.
        DimMismatchError: sizes on another axis differ.

    Source:
        https://pytorch.org/docs/stable/generated/torch.hstack.html
    """

    function: str = field(repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Add the axes, then join."""
        cat, shapes = self._cat(inputs)
        return cat.out_shape(*shapes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read as `cat` does, but for the axes that are added."""
        cat, shapes = self._cat(inputs)
        return [
            replace(access, axes=tuple(access.axes[axis] for axis in self._own_axes(len(x))))
            for x, access in zip(inputs, cat.reads(shapes, out), strict=True)
            if isinstance(access, Access)
        ]

    def _own_axes(self, ndim: int) -> tuple[int, ...]:
        if self.function == "column_stack":
            return tuple(range(ndim))
        return own_axes({"hstack": 1, "dstack": 3}.get(self.function, 2), ndim)

    def _cat(self, inputs: tuple[Shape, ...]) -> tuple[Cat, tuple[Shape, ...]]:
        """Return how the tensors are joined, and their shapes with the axes that are added."""
        match self.function:
            case "hstack":
                shapes = [at_least(1, shape) for shape in inputs]
                dim = 0 if all(len(shape) == 1 for shape in shapes) else 1
            case "dstack":
                shapes, dim = [at_least(3, shape) for shape in inputs], 2
            case "column_stack":
                shapes, dim = [_as_column(shape) for shape in inputs], 1
            case _:
                shapes, dim = [at_least(2, shape) for shape in inputs], 0
        return Cat(dim=dim, function=self.function), tuple(shapes)


def at_least(axes: int, x: Shape) -> Shape:
    """Return `x` with axes of size 1 added as `torch.atleast_1d`, `_2d` and `_3d` add them.

    >>> at_least(3, Shape((5,)))
    (1, 5, 1)
    """
    sizes = [dims.ONE] * max(axes, len(x))
    for place, size in zip(own_axes(axes, len(x)), x, strict=True):
        sizes[place] = size
    return Shape(sizes)


def own_axes(axes: int, ndim: int) -> tuple[int, ...]:
    """Return where `torch.atleast_1d`, `_2d` and `_3d` put the axes that a tensor has.

    >>> own_axes(3, 1)
    (1,)
    """
    match axes, ndim:
        case 3, 1 | 2:
            return (0, 1)[-ndim:]
        case _:
            return tuple(range(max(axes - ndim, 0), max(axes, ndim)))


def _as_column(x: Shape) -> Shape:
    return x if len(x) > 1 else Shape((dims.product(x), dims.ONE))


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast(Op):
    """Tensors with axes of size 1 added until there are `axes`.

    Shapes:
        inputs: any shapes
        outputs: these shapes, of at least `axes` axes

    Source:
        https://pytorch.org/docs/stable/generated/torch.atleast_3d.html
    """

    axes: int

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Add the axes; a single tensor comes back by itself."""
        shapes: list[Sequence[Dim]] = [at_least(self.axes, shape) for shape in inputs]
        return shapes if len(shapes) > 1 else shapes[0]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor of the same number."""
        axes = own_axes(self.axes, len(inputs[output]))
        return _only_number(output, Access(tuple(map(Same, axes))), len(inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastTensors(Op):
    """All tensors, stretched to the one shape that they broadcast to.

    Shapes:
        inputs: shapes that broadcast
        outputs: the shape they broadcast to, for each

    Raises:
        DimMismatchError: two sizes of one axis differ and neither is 1.

    Source:
        https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Broadcast the inputs."""
        return [broadcast(*inputs)] * len(inputs)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor of the same number."""
        return _only_number(output, Access(broadcast_axes(inputs[output], out)), len(inputs))


def _only_number(number: int, access: Access, operands: int) -> Reads:
    """Return an access to one operand, and none to the others."""
    return [access if operand == number else None for operand in range(operands)]


# ---------------------------------------------------------------------------- readers


def as_tensors(tensors: tuple[Operand | Tensors, ...]) -> tuple[Operand, ...]:
    """Return what torch takes both as f(*tensors) and as f(tensors)."""
    if len(tensors) == 1 and not isinstance(tensors[0], Operand):
        return tuple(tensors[0])
    return tuple(tensor for tensor in tensors if isinstance(tensor, Operand))


def joined(op: Op, tensors: Tensors) -> Call:
    """Return the call of an op whose result has the type that all operands promote to."""
    return Call(op, tuple(tensors), promote(*(tensor.dtype for tensor in tensors)))


def each_own_type(op: Op, tensors: Tensors) -> Call:
    """Return the call of an op that gives one tensor for each operand."""
    return Call(op, tuple(tensors), tuple(tensor.dtype for tensor in tensors))


@reader("cat", "concat", "concatenate")
def read_cat(tensors: Tensors, dim: int = 0, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cat.html"""
    return joined(Cat(dim=dim), tensors)


@reader("stack")
def read_stack(tensors: Tensors, dim: int = 0, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.stack.html"""
    return joined(Stack(dim=dim), tensors)


@reader("hstack", "vstack", "row_stack", "dstack", "column_stack", named=True)
def read_stack_along(function: str, tensors: Tensors, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.hstack.html"""
    return joined(StackAlong(function=function), tensors)


@reader("atleast_1d", "atleast_2d", "atleast_3d", named=True)
def read_at_least(function: str, *tensors: Operand | Tensors) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.atleast_1d.html"""
    return each_own_type(AtLeast(axes=int(function[-2])), as_tensors(tensors))


@reader("broadcast_tensors")
def read_broadcast_tensors(*tensors: Operand | Tensors) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html"""
    return each_own_type(BroadcastTensors(), as_tensors(tensors))
