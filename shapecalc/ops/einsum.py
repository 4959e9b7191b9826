"""Einstein summation: https://pytorch.org/docs/stable/generated/torch.einsum.html."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        terms = left.split(",")
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
        if not arrow:
            counts = Counter(name for name in left if name.isalpha())
            once = sorted(name for name, count in counts.items() if count == 1)
            return (*batch, *(sizes[name] for name in once))
        before, dots, after = self._parse(right)
        for name, count in Counter(before + after).items():
            if count > 1 or name not in sizes:
                raise SizeError(f"einsum output '{right}' names '{name}' twice or from nowhere")
        middle = batch if dots else ()
        return (*(sizes[n] for n in before), *middle, *(sizes[n] for n in after))

    def _parse(self, term: str) -> tuple[str, str, str]:
        match = _TERM.fullmatch(term)
        if match is None:
            raise SizeError(f"einsum equation {self.equation!r} has the term {term!r}")
        before, dots, after = match.groups(default="")
        return before, dots, after


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
