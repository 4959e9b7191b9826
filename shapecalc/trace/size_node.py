"""Symbolic numbers that torch takes for its own.

`torch.SymInt(node)` accepts any object that answers torch's node protocol. `SizeNode` answers
it with the normal form of `dims`, so that arithmetic on `x.shape` stays symbolic; where Python
asks for a value (`if`, `range`, `int`), the value at the hint is given and the choice recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal, Protocol

import sympy
import torch

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim


class Chooser(Protocol):
    """Who answers when Python asks for the value of a symbolic number."""

    def decide(self, condition: Condition) -> bool:
        """Return whether a condition holds on this path, and record it."""

    def pin(self, size: Dim) -> int:
        """Return the number that a size is on this path, and record that it is."""

    def pin_float(self, value: Dim) -> float:
        """Return the number that an expression is on this path, and pin its symbols."""


Kind = Literal["int", "float", "bool"]


class SizeNode:
    """The node of a `torch.SymInt`, `SymFloat` or `SymBool`.

    `expr` is a `Dim` for an int, a sympy expression with exact fractions for a float, and a
    `Condition` (or a bool) for a bool.
    """

    __slots__ = ("chooser", "expr", "kind")

    def __init__(self, chooser: Chooser, expr: Any, kind: Kind = "int") -> None:
        self.chooser = chooser
        self.expr = expr
        self.kind = kind

    # what torch asks of every node

    def is_int(self) -> bool:
        return self.kind == "int"

    def is_float(self) -> bool:
        return self.kind == "float"

    def is_bool(self) -> bool:
        return self.kind == "bool"

    def is_nested_int(self) -> bool:
        return False

    def is_constant(self) -> bool:
        if self.kind == "float":
            return False  # torch has no constant of this kind
        return isinstance(self.expr, bool) or bool(getattr(self.expr, "is_Number", False))

    def is_symbolic(self) -> bool:
        return not self.is_constant()

    def has_hint(self) -> bool:
        return True

    def maybe_as_int(self) -> int | None:
        return dims.as_int(self.expr) if self.kind == "int" else None

    def maybe_as_float(self) -> float | None:
        return float(self.expr) if self.kind == "float" and self.expr.is_Number else None

    def maybe_as_bool(self) -> bool | None:
        return self.expr if isinstance(self.expr, bool) else None

    def __str__(self) -> str:
        return str(self.expr) if self.kind == "bool" else dims.format_dim(self.expr)

    def wrap_int(self, number: int) -> SizeNode:
        return SizeNode(self.chooser, dims.as_dim(number))

    def wrap_float(self, number: float) -> SizeNode:
        return SizeNode(self.chooser, _exact(number), "float")

    def wrap_bool(self, truth: bool) -> SizeNode:
        return SizeNode(self.chooser, truth, "bool")

    # where a value is asked for

    def int_(self) -> int:
        return self.guard_int("", 0)

    def bool_(self) -> bool:
        return self.guard_bool("", 0)

    def guard_int(self, file: str, line: int) -> int:
        number = dims.as_int(self.expr)
        return self.chooser.pin(self.expr) if number is None else number

    def guard_float(self, file: str, line: int) -> float:
        if self.expr.is_Number:
            return float(self.expr)
        if self.expr.is_integer:
            return float(self.chooser.pin(self.expr))
        return self.chooser.pin_float(self.expr)

    def guard_bool(self, file: str, line: int) -> bool:
        return self.expr if isinstance(self.expr, bool) else self.chooser.decide(self.expr)

    expect_true = expect_size = guard_or_false = guard_or_true = guard_bool
    guard_size_oblivious = evaluate_expr = guard_bool

    # arithmetic

    def _int(self, expr: Dim) -> SizeNode:
        return SizeNode(self.chooser, expr)

    def _number(self, expr: Dim, *others: SizeNode) -> SizeNode:
        floating = self.kind == "float" or any(other.kind == "float" for other in others)
        return SizeNode(self.chooser, expr, "float" if floating else "int")

    def add(self, other: SizeNode) -> SizeNode:
        return self._number(dims.add(self.expr, other.expr), other)

    def sub(self, other: SizeNode) -> SizeNode:
        return self._number(dims.sub(self.expr, other.expr), other)

    def mul(self, other: SizeNode) -> SizeNode:
        return self._number(dims.mul(self.expr, other.expr), other)

    def neg(self) -> SizeNode:
        return self._number(-self.expr)

    def pos(self) -> SizeNode:
        return self

    def int_floordiv(self, other: SizeNode) -> SizeNode:
        return self._int(dims.floordiv(self.expr, other.expr))

    floordiv = int_floordiv

    def mod(self, other: SizeNode) -> SizeNode:
        if self.kind == other.kind == "int":
            return self._int(dims.mod(self.expr, other.expr))
        left, right = self.guard_float("", 0), other.guard_float("", 0)
        return self.wrap_float(left % right)

    python_mod = mod

    def int_truediv(self, other: SizeNode) -> SizeNode:
        return SizeNode(self.chooser, dims.expand(self.expr / other.expr), "float")

    def float_truediv(self, other: SizeNode) -> SizeNode:
        return SizeNode(self.chooser, dims.expand(self.expr / other.expr), "float")

    truediv = float_truediv

    def pow_by_natural(self, other: SizeNode) -> SizeNode:
        return self._int(dims.expand(self.expr ** other.guard_int("", 0)))

    def float_pow(self, other: SizeNode) -> SizeNode:
        return self.wrap_float(self.guard_float("", 0) ** other.guard_float("", 0))

    def pow(self, other: SizeNode) -> SizeNode:
        both_int = self.kind == other.kind == "int"
        return self.pow_by_natural(other) if both_int else self.float_pow(other)

    def sqrt(self) -> SizeNode:
        return self.wrap_float(math.sqrt(self.guard_float("", 0)))

    def abs(self) -> SizeNode:
        negative = Condition(self.expr, "<", 0)
        known = negative.known()
        return self.neg() if (self.chooser.decide(negative) if known is None else known) else self

    def sym_max(self, other: SizeNode) -> SizeNode:
        return self._number(dims.maximum(self.expr, other.expr), other)

    def sym_min(self, other: SizeNode) -> SizeNode:
        return self._number(dims.minimum(self.expr, other.expr), other)

    # between float and int

    def sym_float(self) -> SizeNode:
        return SizeNode(self.chooser, self.expr, "float")

    def sym_int(self) -> SizeNode:
        return self.trunc()

    def floor(self) -> SizeNode:
        return self._rounded(dims.floordiv, math.floor)

    def ceil(self) -> SizeNode:
        return self._rounded(dims.ceildiv, math.ceil)

    def trunc(self) -> SizeNode:
        if self.kind == "int":
            return self
        bound = dims.lower_bound(self.expr)
        if bound is not None and bound >= 0:
            return self.floor()
        return self._int(dims.as_dim(math.trunc(self.guard_float("", 0))))

    def round(self, ndigits: int | None = None) -> SizeNode:
        if self.kind == "int":
            return self
        return self._int(dims.as_dim(round(self.guard_float("", 0), ndigits)))

    def _rounded(
        self, exact: Callable[[Dim, Dim], Dim], of_float: Callable[[float], int]
    ) -> SizeNode:
        if self.kind == "int":
            return self
        factor, size = self.expr.as_coeff_Mul()
        if factor.is_Float and of_float is math.floor and size.is_integer:
            return self._int(dims.scaled(size, float(factor)))
        if self.expr.has(sympy.Float):
            return self._int(dims.as_dim(of_float(self.guard_float("", 0))))
        numerator, denominator = sympy.fraction(sympy.together(self.expr))
        return self._int(exact(numerator, denominator))

    # comparisons

    def _compare(self, relation: Relation, other: SizeNode) -> SizeNode:
        left, right = self.expr, other.expr
        if self.kind == "bool" or other.kind == "bool":
            same = self.guard_bool("", 0) == other.guard_bool("", 0)
            return self.wrap_bool(same if relation == "==" else not same)
        gap = left - right
        if gap.has(sympy.Float):
            numbers = self.guard_float("", 0), other.guard_float("", 0)
            return self.wrap_bool(_holds(numbers[0], relation, numbers[1]))
        # fractions are multiplied out: a condition compares integers
        numerator, denominator = sympy.fraction(sympy.together(gap))
        if not denominator.is_positive:
            return self.wrap_bool(
                _holds(self.guard_float("", 0), relation, other.guard_float("", 0))
            )
        if denominator != 1:
            left, right = dims.expand(numerator), dims.ZERO
        condition = Condition(left, relation, right)
        known = condition.known()
        return SizeNode(self.chooser, condition if known is None else known, "bool")

    def eq(self, other: SizeNode) -> SizeNode:
        return self._compare("==", other)

    def ne(self, other: SizeNode) -> SizeNode:
        return self._compare("!=", other)

    def lt(self, other: SizeNode) -> SizeNode:
        return self._compare("<", other)

    def le(self, other: SizeNode) -> SizeNode:
        return self._compare("<=", other)

    def gt(self, other: SizeNode) -> SizeNode:
        return self._compare(">", other)

    def ge(self, other: SizeNode) -> SizeNode:
        return self._compare(">=", other)

    def and_(self, other: SizeNode) -> SizeNode:
        if self.kind == "int":
            return self.bitwise_and(other)
        return other if self.guard_bool("", 0) else self.wrap_bool(False)

    def or_(self, other: SizeNode) -> SizeNode:
        if self.kind == "int":
            return self.bitwise_or(other)
        return self.wrap_bool(True) if self.guard_bool("", 0) else other

    sym_and, sym_or = and_, or_

    def bitwise_and(self, other: SizeNode) -> SizeNode:
        mask = dims.as_int(other.expr)
        if mask is not None and mask < 0 and -mask & -mask - 1 == 0:  # rounds down, as in x & -8
            return self._int(dims.mul(dims.floordiv(self.expr, -mask), dims.as_dim(-mask)))
        if mask is not None and mask >= 0 and mask & mask + 1 == 0:  # the low bits, as in x & 7
            return self._int(dims.mod(self.expr, mask + 1))
        return self._int(dims.as_dim(self.int_() & other.int_()))

    def bitwise_or(self, other: SizeNode) -> SizeNode:
        return self._int(dims.as_dim(self.int_() | other.int_()))

    def bitwise_xor(self, other: SizeNode) -> SizeNode:
        return self._int(dims.as_dim(self.int_() ^ other.int_()))

    def sym_not(self) -> SizeNode:
        expr = self.expr
        return SizeNode(
            self.chooser, not expr if isinstance(expr, bool) else expr.negated(), "bool"
        )

    def lshift(self, other: SizeNode) -> SizeNode:
        return self._int(dims.mul(self.expr, dims.as_dim(2 ** other.int_())))

    def rshift(self, other: SizeNode) -> SizeNode:
        return self._int(dims.floordiv(self.expr, 2 ** other.int_()))

    # last, since a method named `str` hides the type in the annotations that follow it
    __repr__ = str = _graph_repr = __str__


def _holds(left: float, relation: Relation, right: float) -> bool:
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[relation]


def _exact(number: float) -> Dim:
    """Return a float as the fraction that it is, where that is short, else as a sympy Float."""
    if math.isfinite(number):
        exact = Fraction(number)
        if exact.denominator <= 1 << 20:
            return sympy.Rational(exact.numerator, exact.denominator)
    return sympy.Float(number, 17)


def as_torch(chooser: Chooser, dim: Dim) -> int | torch.SymInt:
    """Return a size as torch code expects it: a number where it is one."""
    return int(dim) if dim.is_Integer else torch.SymInt(SizeNode(chooser, dim))  # type: ignore[no-untyped-call]
