"""Einstein summation: https://pytorch.org/docs/stable/generated/torch.einsum.html."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc.access import Access, Reads, placed
from shapecalc.conditions import require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError, ShapeError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader

_TERM = re.compile(r"([a-zA-Z]*)(\.\.\.)?([a-zA-Z]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Einsum(Op):
    """Sums of products, by an equation over named axes.

    An axis with one name in several operands is broadcast; a name that is not in the output is
    summed over. An ellipsis stands for any number of axes, broadcast against each other.

    Shapes:
        operands: the axes that the left side of `equation` names
        output: the axes that its right side names, or, without one, the axes of the ellipsis and
            then every name that occurs once, in the order of the alphabet

    Raises:
        RankError: an operand has another number of axes than its term.
        DimMismatchError: two sizes of one name differ and neither is 1.
        SizeError: the equation cannot be read, or does not fit the number of operands.

    Source:
        https://pytorch.org/docs/stable/generated/torch.einsum.html
    """

    equation: str

    def out_shape(self, *operands: Shape) -> OutShape:
        """Find the size of every name, then put the output together."""
        terms, right = self._sides()
        if len(terms) != len(operands):
            raise SizeError(
                f"einsum equation {self.equation!r} is for {len(terms)} operands, "
                f"got {len(operands)}"
            )
        sizes, ellipses = dict[str, Dim](), list[Shape]()
        for number, (term, operand) in enumerate(zip(terms, operands, strict=True)):
            before, dots, after = self._parse(term)
            names = before + after
            if len(operand) < len(names) or (not dots and len(operand) > len(names)):
                raise RankError(
                    f"expected {len(names)} dimensions '{term}' in operand {number} of einsum, "
                    f"got {len(operand)}: {operand}"
                )
            last = len(operand) - len(after)
            within = dict[str, Dim]()
            for name, size in zip(names, (*operand[: len(before)], *operand[last:]), strict=True):
                if name in within:
                    require_same(size, within[name], f"size of '{name}' in its diagonal")
                within[name] = size
            for name, size in within.items():
                sizes[name] = _stretched(sizes[name], size, name) if name in sizes else size
            if dots:
                ellipses.append(Shape(operand[len(before) : last]))
        batch = broadcast(*ellipses) if ellipses else Shape()
        before, dots, after = self._parse(right)
        for name, count in Counter(before + after).items():
            if count > 1 or name not in sizes:
                raise SizeError(f"einsum output '{right}' names '{name}' twice or from nowhere")
        middle = batch if dots else ()
        return (*(sizes[n] for n in before), *middle, *(sizes[n] for n in after))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all of the axes that are summed over, and one place of the others."""
        terms, right = self._sides()
        kept = self._axes(right, len(out))
        found = list[Access]()
        for term, x in zip(terms, inputs, strict=True):
            names = self._axes(term, len(x))
            places = [kept.index(name) if name in kept else None for name in names]
            summed = [name for name in names if name not in kept]
            bound = "of two axes of one name only the diagonal is read"
            found.append(placed(x, out, places, "" if len(set(summed)) == len(summed) else bound))
        return found

    def _sides(self) -> tuple[list[str], str]:
        """Return the terms of the operands and that of the output."""
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        if not arrow:
            counts = Counter(name for name in left if name.isalpha())
            right = "..." + "".join(sorted(name for name, n in counts.items() if n == 1))
        return left.split(","), right

    def _parse(self, term: str) -> tuple[str, str, str]:
        match = _TERM.fullmatch(term)
        if match is None:
            raise SizeError(f"einsum equation {self.equation!r} has the term {term!r}")
        before, dots, after = match.groups(default="")
        return before, dots, after

    def _axes(self, term: str, rank: int) -> list[str | int]:
        """Return the names of the axes; those of the ellipsis are -1, -2, ... from its end."""
        before, _, after = self._parse(term)
        return [*before, *range(len(before) + len(after) - rank, 0), *after]


def _stretched(left: Dim, right: Dim, name: str) -> Dim:
    try:
        (size,) = broadcast(Shape((left,)), Shape((right,)))
    except ShapeError as error:
        message = f"einsum axis '{name}': {error.message}"
        raise type(error)(message, fix=error.fix, condition=error.condition) from None
    return size


@reader("einsum")
def read_einsum(equation: str, *operands: Operand | Sequence[Operand]) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.einsum.html"""
    if len(operands) == 1 and isinstance(operands[0], Sequence):
        operands = tuple(operands[0])
    tensors = tuple(operand for operand in operands if isinstance(operand, Operand))
    return Call(Einsum(equation=equation), tensors)
