"""Symbolic numbers that torch takes for its own.

`torch.SymInt(node)` accepts any object that answers torch's node protocol. `SizeNode` answers
it with the normal form of `dims`, so that arithmetic on `x.shape` stays symbolic; where Python
asks for a value (`if`, `range`, `int`), the value at the hint is given and the choice recorded.

Floats are followed twice: as exact fractions, and as the doubles that Python's own arithmetic
gives at the hint. `rounding` says how far the one may be taken for the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Literal, Protocol

import sympy
import torch

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.trace import rounding
from shapecalc.trace.rounding import Rounding, comparable, holds


class Chooser(Protocol):
    """Who answers when Python asks for the value of a symbolic number."""

    @property
    def hint(self) -> Mapping[str, int]:
        """The sizes of this path."""

    @property
    def at_once(self) -> bool:
        """Whether a comparison is decided when it is made, and not when it is asked for."""

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
    `Condition` (or a bool) for a bool. `double` is the value of a float at the hint,
    and `scaled` the size and the float that it is the product of, if it is one.
    """

    __slots__ = ("chooser", "double", "expr", "kind", "rounding", "scaled")

    def __init__(
        self,
        chooser: Chooser,
        expr: Any,
        kind: Kind = "int",
        double: float = 0.0,
        rounding: Rounding = Rounding.NONE,
    ) -> None:
        self.chooser = chooser
        self.expr = expr
        self.kind = kind
        self.double = double
        self.rounding = rounding
        self.scaled: tuple[Dim, float] | None = None

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

    def depends_on_data(self) -> bool:
        names = getattr(self.chooser.hint, "data", ())
        return any(str(symbol) in names for symbol in self.expr.free_symbols) if names else False

    def maybe_as_int(self) -> int | None:
        return dims.as_int(self.expr) if self.kind == "int" else None

    def maybe_as_float(self) -> float | None:
        return self.double if self.kind == "float" and self.expr.is_Number else None

    def maybe_as_bool(self) -> bool | None:
        return self.expr if isinstance(self.expr, bool) else None

    def __str__(self) -> str:
        return str(self.expr) if self.kind == "bool" else dims.format_dim(self.expr)

    def wrap_int(self, number: int) -> SizeNode:
        return SizeNode(self.chooser, dims.as_dim(number))

    def wrap_float(self, number: float) -> SizeNode:
        exact = _exact(number)
        rounded = Rounding.NONE if exact.is_Rational else Rounding.OPEN
        return SizeNode(self.chooser, exact, "float", number, rounded)

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
        float_ = self.sym_float()
        if float_.expr.is_Number:
            return float_.double
        if float_.expr.is_integer and not float_.rounding:
            return float(self.chooser.pin(float_.expr))
        self.chooser.pin_float(float_.expr)
        return float_.double

    def guard_bool(self, file: str, line: int) -> bool:
        return self.expr if isinstance(self.expr, bool) else self.chooser.decide(self.expr)

    expect_true = expect_size = guard_or_false = guard_or_true = guard_bool
    guard_size_oblivious = evaluate_expr = guard_bool

    # arithmetic

    def _int(self, expr: Dim) -> SizeNode:
        return SizeNode(self.chooser, expr)

    def _float(self, other: SizeNode, expr: Dim, double: float, rounded: Rounding) -> SizeNode:
        rounded = rounded if math.isfinite(double) else Rounding.OPEN
        symbols = self.expr.free_symbols | other.expr.free_symbols
        if rounded is Rounding.OPEN and symbols != expr.free_symbols:
            # in h * (w / h) the fraction forgets h, and the double does not
            self.guard_float("", 0), other.guard_float("", 0)
            return self.wrap_float(double)
        return SizeNode(self.chooser, expr, "float", double, rounded)

    def add(self, other: SizeNode) -> SizeNode:
        expr = dims.add(self.expr, other.expr)
        if self.kind == other.kind == "int":
            return self._int(expr)
        a, b = self.sym_float(), other.sym_float()
        return a._float(b, expr, a.double + b.double, rounding.of_sum(a, b))

    def sub(self, other: SizeNode) -> SizeNode:
        expr = dims.sub(self.expr, other.expr)
        if self.kind == other.kind == "int":
            return self._int(expr)
        a, b = self.sym_float(), other.sym_float()
        return a._float(b, expr, a.double - b.double, rounding.of_sum(a, b))

    def mul(self, other: SizeNode) -> SizeNode:
        expr = dims.mul(self.expr, other.expr)
        if self.kind == other.kind == "int":
            return self._int(expr)
        a, b = self.sym_float(), other.sym_float()
        product = a._float(b, expr, a.double * b.double, rounding.of_product(a, b))
        for size, number in ((a, b), (b, a)):
            if size.expr.is_integer and not size.rounding and number.expr.is_Float:
                product.scaled = size.expr, number.double
        return product

    def neg(self) -> SizeNode:
        return SizeNode(self.chooser, -self.expr, self.kind, -self.double, self.rounding)

    def pos(self) -> SizeNode:
        return self

    def _refuse_zero(self) -> None:
        """Raise as Python does where a divisor is 0; where the sizes say, this is a choice."""
        if self.eq(self.wrap_int(0)).guard_bool("", 0):
            raise ZeroDivisionError("division by zero")

    def int_floordiv(self, other: SizeNode) -> SizeNode:
        other._refuse_zero()
        return self._int(dims.floordiv(self.expr, other.expr))

    floordiv = int_floordiv

    def mod(self, other: SizeNode) -> SizeNode:
        other._refuse_zero()
        if self.kind == other.kind == "int":
            return self._int(dims.mod(self.expr, other.expr))
        left, right = self.guard_float("", 0), other.guard_float("", 0)
        return self.wrap_float(left % right)

    python_mod = mod

    def truediv(self, other: SizeNode) -> SizeNode:
        other._refuse_zero()
        a, b = self.sym_float(), other.sym_float()
        expr = dims.expand(self.expr / other.expr)
        return a._float(b, expr, a.double / b.double, rounding.of_quotient(a, b))

    int_truediv = float_truediv = truediv

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
        return self.neg() if self.lt(self.wrap_int(0)).guard_bool("", 0) else self

    def sym_max(self, other: SizeNode) -> SizeNode:
        if self.kind == other.kind == "int":
            return self._int(dims.maximum(self.expr, other.expr))
        return self if self.ge(other).guard_bool("", 0) else other

    def sym_min(self, other: SizeNode) -> SizeNode:
        if self.kind == other.kind == "int":
            return self._int(dims.minimum(self.expr, other.expr))
        return self if self.le(other).guard_bool("", 0) else other

    # between float and int

    def sym_float(self) -> SizeNode:
        if self.kind == "float":
            return self
        number = dims.evaluate(self.expr, self.chooser.hint)
        return SizeNode(self.chooser, self.expr, "float", float(number))

    def is_integer(self) -> SizeNode:
        return self.eq(self.floor())

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
        number = round(self.guard_float("", 0), ndigits)
        return self.wrap_float(number) if ndigits is not None else self._int(dims.as_dim(number))

    def _rounded(
        self, exact: Callable[[Dim, Dim], Dim], of_float: Callable[[float], int]
    ) -> SizeNode:
        if self.kind == "int":
            return self
        if self.scaled and of_float is math.floor and (dims.lower_bound(self.scaled[0]) or 0) >= 0:
            return self._int(dims.scaled(*self.scaled))
        if self.rounding is Rounding.OPEN:
            return self._int(dims.as_dim(of_float(self.guard_float("", 0))))
        numerator, denominator = sympy.fraction(sympy.together(self.expr))
        return self._int(exact(numerator, denominator))

    # comparisons

    def _compare(self, relation: Relation, other: SizeNode) -> SizeNode:
        left, right = self.expr, other.expr
        if self.kind == "bool" or other.kind == "bool":
            same = self.guard_bool("", 0) == other.guard_bool("", 0)
            return self.wrap_bool(same if relation == "==" else not same)
        if self.kind == "float" or other.kind == "float":
            a, b = self.sym_float().double, other.sym_float().double
            if math.isinf(a) or math.isinf(b):
                return self.wrap_bool(holds(a, relation, b))
        # fractions are multiplied out: a condition compares integers
        numerator, denominator = sympy.fraction(sympy.together(left - right))
        if not comparable(self, other) or not denominator.is_positive:
            return self.wrap_bool(
                holds(self.guard_float("", 0), relation, other.guard_float("", 0))
            )
        if denominator != 1:
            left, right = dims.expand(numerator), dims.ZERO
        condition = Condition(left, relation, right)
        known = condition.known()
        if known is None and self.chooser.at_once:
            known = self.chooser.decide(condition)
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
