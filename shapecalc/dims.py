"""Sizes as formulas: the normal form, its arithmetic, and how a size is printed.

A `Dim` is a sympy expression over positive integer symbols: sums and products of symbols, of
`floor`, `Min` and `Max`. Two laws that sympy does not apply by itself bring floors to one form,
so that equal sizes are equal objects and print alike:

    floor((floor(x/m) + c)/n) = floor((x + c*m)/(m*n))        for integers x, c and m, n > 0
    floor((x + c)/n)          = floor((x + c mod n)/n) + floor(c/n)

Sizes are put together with the functions of this file, never with `//` or `%` of sympy, which
know neither law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import sympy
from sympy import Add, Integer, Max, Min, Mul, Symbol
from sympy.functions.elementary.integers import floor

Dim: TypeAlias = Any  # a sympy.Expr; sympy carries no types
IntoDim: TypeAlias = Any  # int | Dim

ZERO: Dim = Integer(0)
ONE: Dim = Integer(1)

_MANY = 1 << 16  # entries; a real network has a few hundred distinct sizes


class Shape(tuple[Dim, ...]):
    """The sizes of a tensor, one `Dim` an axis, printed the way they are written by hand.

    >>> H = symbol("H")
    >>> Shape([symbol("N"), 64, floordiv(H + 3, 4)])
    (N, 64, floor((H + 3)/4))
    """

    __slots__ = ()

    def __new__(cls, dims: Iterable[IntoDim] = ()) -> Shape:
        """Return a shape of numbers and formulas."""
        return super().__new__(cls, [as_dim(dim) for dim in dims])

    def __repr__(self) -> str:
        return format_shape(self)

    __str__ = __repr__


@lru_cache(_MANY)
def symbol(name: str, *, minimum: int = 1) -> Dim:
    """Return the size named `name`: an integer of at least `minimum` (0 or 1)."""
    return Symbol(name, integer=True, positive=True) if minimum else _nonnegative(name)


def _nonnegative(name: str) -> Dim:
    return Symbol(name, integer=True, nonnegative=True)


def as_dim(value: IntoDim) -> Dim:
    """Return an integer or an expression as a `Dim`."""
    return value if isinstance(value, sympy.Basic) else Integer(value)


def as_int(dim: Dim) -> int | None:
    """Return the number that `dim` is for all sizes, or None."""
    return int(dim) if dim.is_Integer else None


def symbols_of(dims: Iterable[Dim]) -> tuple[Dim, ...]:
    """Return the symbols that occur in `dims`, by name."""
    found: set[Dim] = set()
    for dim in dims:
        found |= dim.free_symbols
    return tuple(sorted(found, key=str))


# ---------------------------------------------------------------------------- arithmetic


@lru_cache(_MANY)
def expand(dim: Dim) -> Dim:
    """Multiply products of sums out and join halves, so that equal sizes are equal objects."""
    if dim.is_Mul or dim.is_Pow or dim.is_Add:
        dim = sympy.expand(dim, deep=False)
    return _joined_halves(dim) if dim.is_Add else dim


def _joined_halves(dim: Dim) -> Dim:
    """Apply floor(x/2m) + floor((x + m)/2m) = floor(x/m), Hermite's identity for two.

    `h - floor(h/2)` becomes `floor((h + 1)/2)`, and the two parts of a split in the middle
    become the whole again.
    """
    for term in Add.make_args(dim):
        coefficient, half = term.as_coeff_Mul()
        if half.func is not floor:
            continue
        x, twice = split_floor(half)
        if twice == 0 or twice % 2:
            continue
        m = twice // 2
        other, whole = _floor_of(x + m, twice), _floor_of(x, m)
        if other.is_Add:  # the other half is written with its constant outside
            other = _floor_of(x - m, twice)
            whole = _floor_of(x - m, m)
        if other.is_Add:
            continue
        beside, above = dim.coeff(other), dim.coeff(whole)
        if beside.is_Integer and beside * coefficient > 0:
            count = min(coefficient, beside, key=abs)
            return expand(dim + count * (whole - half - other))
        if above.is_Integer and above * coefficient < 0:
            count = min(coefficient, -above, key=abs)
            return expand(dim - count * (half - whole + other))
    return dim


@lru_cache(_MANY)
def add(left: Dim, right: Dim) -> Dim:
    """Return left + right."""
    return expand(left + right)


@lru_cache(_MANY)
def sub(left: Dim, right: Dim) -> Dim:
    """Return left - right."""
    return expand(left - right)


@lru_cache(_MANY)
def mul(left: Dim, right: Dim) -> Dim:
    """Return left * right, multiplied out."""
    return expand(left * right)


def total(dims: Iterable[IntoDim]) -> Dim:
    """Return the sum of `dims`."""
    return reduce(add, (as_dim(dim) for dim in dims), ZERO)


def product(dims: Iterable[IntoDim]) -> Dim:
    """Return the product of `dims`, 1 for none."""
    return reduce(mul, (as_dim(dim) for dim in dims), ONE)


def floordiv(numerator: IntoDim, denominator: IntoDim) -> Dim:
    """Return floor(numerator/denominator) in normal form.

    >>> H = symbol("H")
    >>> print(format_dim(floordiv(floordiv(H + 1, 2) + 1, 2)))
    floor((H + 3)/4)
    """
    return _floordiv(expand(as_dim(numerator)), expand(as_dim(denominator)))


def ceildiv(numerator: IntoDim, denominator: IntoDim) -> Dim:
    """Return ceil(numerator/denominator), written with floor."""
    return -floordiv(-as_dim(numerator), denominator)


def mod(left: IntoDim, right: IntoDim) -> Dim:
    """Return left - right*floor(left/right), the remainder with the sign of `right`."""
    left, right = as_dim(left), as_dim(right)
    return expand(left - right * floordiv(left, right))


@lru_cache(_MANY)
def maximum(left: Dim, right: Dim) -> Dim:
    """Return the larger of two sizes."""
    gap = lower_bound(left - right)
    if gap is not None and gap >= 0:
        return left
    gap = lower_bound(right - left)
    return right if gap is not None and gap >= 0 else Max(left, right)


@lru_cache(_MANY)
def minimum(left: Dim, right: Dim) -> Dim:
    """Return the smaller of two sizes."""
    return right if maximum(left, right) == left else _plain_minimum(left, right)


def _plain_minimum(left: Dim, right: Dim) -> Dim:
    return left if maximum(left, right) == right else Min(left, right)


@lru_cache(_MANY)
def _floordiv(numerator: Dim, denominator: Dim) -> Dim:
    if denominator == 1:
        return numerator
    if denominator.is_Integer:
        divisor = int(denominator)
        if divisor == 0:
            raise ZeroDivisionError("floor(x/0) has no value")
        return expand(_floor_of(numerator if divisor > 0 else -numerator, abs(divisor)))
    return _floor_by_symbol(numerator, denominator)


def _floor_of(numerator: Dim, divisor: int) -> Dim:
    """Return floor(numerator/divisor) for a positive number `divisor`."""
    if divisor == 1:
        return numerator
    outside: list[Dim] = []
    inside: list[tuple[int, Dim]] = []
    constant = 0
    for term in Add.make_args(numerator):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient.is_Integer:  # not an integer polynomial: leave it to sympy
            return sympy.floor(numerator / divisor)
        if rest == 1:
            constant += int(coefficient)
            continue
        quotient, remainder = divmod(int(coefficient), divisor)
        if 2 * remainder > divisor:  # the remainder of least magnitude keeps formulas short
            quotient, remainder = quotient + 1, remainder - divisor
        outside.append(quotient * rest)
        if remainder:
            inside.append((remainder, rest))
    quotient, constant = divmod(constant, divisor)
    outside.append(Integer(quotient))
    common = math.gcd(divisor, *(c for c, _ in inside)) if inside else divisor
    if common > 1:
        inside = [(c // common, rest) for c, rest in inside]
        constant, divisor = constant // common, divisor // common
    if divisor > 1 and inside:
        outside.append(_floor_atom(inside, constant, divisor))
    else:
        outside.extend(c * rest for c, rest in inside)
    return Add(*outside)


def _floor_atom(inside: list[tuple[int, Dim]], constant: int, divisor: int) -> Dim:
    """Return the floor of (inside + constant)/divisor, whose coefficients are already reduced."""
    written = Add(*(c * rest for c, rest in inside), Integer(constant))
    joined = expand(written)
    if joined != written:  # halves that only met when the coefficients were reduced
        return _floor_of(joined, divisor)
    nested = [(c, rest) for c, rest in inside if _over_number(rest)]
    if len(nested) == 1 and abs(nested[0][0]) == 1:
        sign, atom = nested[0]
        arg, m = split_floor(atom)
        # floor(-floor(x/m)) is the ceiling of -x/m, hence the m - 1
        unnested = arg if sign == 1 else -arg + m - 1
        others = Add(*(c * rest for c, rest in inside if rest != atom))
        return _floor_of(expand(unnested + m * (others + constant)), m * divisor)
    inside.sort(key=lambda pair: sympy.default_sort_key(pair[1]))
    if inside[0][0] < 0:
        flipped = Add(*(-c * rest for c, rest in inside))
        return -_floor_of(flipped - constant + divisor - 1, divisor)
    numerator = Add(*(c * rest for c, rest in inside), Integer(constant))
    return floor(expand(numerator / divisor), evaluate=False)


def _over_number(dim: Dim) -> bool:
    return dim.func is floor and split_floor(dim)[1] > 0


@lru_cache(_MANY)
def split_floor(dim: Dim) -> tuple[Dim, int]:
    """Return (x, m) of floor(x/m) with integer coefficients in x, or m = 0 where m is a symbol."""
    terms = [term.as_coeff_Mul() for term in Add.make_args(dim.args[0])]
    if any(not _integer_polynomial(rest) for _, rest in terms):
        return dim.args[0], 0
    m = math.lcm(*(int(coefficient.q) for coefficient, _ in terms))
    return Add(*(coefficient * m * rest for coefficient, rest in terms)), m


def _integer_polynomial(monomial: Dim) -> bool:
    return all(
        not (f.is_Pow and not (f.exp.is_Integer and f.exp > 0)) for f in Mul.make_args(monomial)
    )


def _floor_by_symbol(numerator: Dim, denominator: Dim) -> Dim:
    quotient = sympy.cancel(numerator / denominator) if denominator.is_Add else None
    if quotient is not None and sympy.fraction(quotient)[1] == 1:
        return expand(quotient)
    outside: list[tuple[Dim, Dim]] = []
    inside: list[tuple[Dim, Dim]] = []
    for term in Add.make_args(numerator):
        quotient = term / denominator
        (outside if _is_whole(quotient) else inside).append((term, quotient))
    whole = Add(*(quotient for _, quotient in outside))
    if not inside:
        return expand(whole)
    if len(inside) == 1:
        rest = inside[0][1]
    else:
        rest = Mul(Add(*(term for term, _ in inside)), 1 / denominator)
    return expand(whole + floor(rest, evaluate=False))


def _is_whole(quotient: Dim) -> bool:
    coefficient, rest = quotient.as_coeff_Mul()
    return bool(coefficient.is_Integer) and _integer_polynomial(rest) and not rest.has(sympy.nan)


def divides(numerator: Dim, denominator: Dim) -> bool:
    """Tell whether numerator/denominator is a whole number for all sizes, by the normal form."""
    return bool(mod(numerator, denominator) == 0)


@lru_cache(_MANY)
def scaled(size: Dim, factor: float) -> Dim:
    """Return floor(size*factor) as double arithmetic gives it, which `interpolate` uses.

    A factor such as 0.5 or 1.5 is exact in binary. Another one, such as 0.29, is taken for the
    fraction that it stands for if double arithmetic agrees with that up to a size of 65,536
    elements, and else stays a function of its own, `scaled`, that computes what torch computes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    if size.is_Integer:
        return Integer(math.floor(float(int(size)) * factor))
    exact = Fraction(factor)
    if exact.denominator <= 1 << 20:
        return floordiv(size * exact.numerator, exact.denominator)
    near = exact.limit_denominator(1000)
    # away from the multiples of the denominator rounding cannot reach the next integer
    multiples = range(near.denominator, 1 << 16, near.denominator)
    if float(near) == factor and all(
        math.floor(n * factor) == n * near.numerator // near.denominator for n in multiples
    ):
        return floordiv(size * near.numerator, near.denominator)
    return Scaled(size, sympy.Float(factor, 17))


def scaled_by_sizes(size: Dim, factor: Dim) -> Dim | None:
    """Return floor(size*factor) in double arithmetic, for a factor computed from sizes, or None.

    A factor with a power of two below is exact. Otherwise rounding must not reach an integer:
    it does not where size*factor is never whole, as in 16*(floor(H/14) + 0.1)/16. It may in
    H*(T/H), which can come out just below T: None.
    """
    exact, rounded = _over_common(factor), _over_common(expand(size * factor))
    if exact is not None and exact[1] & (exact[1] - 1) == 0:
        return floordiv(size * exact[0], exact[1])
    if rounded is None:
        return None
    numerator, denominator = rounded
    constant, terms = numerator.as_coeff_add()
    step = math.gcd(denominator, *(int(term.as_coeff_Mul()[0]) for term in terms))
    return floordiv(numerator, denominator) if int(constant) % step else None


def quotient(value: Dim) -> tuple[Dim, Dim] | None:
    """Return the two sizes that `value` is the quotient of, as in `800/H`, or None."""
    numerator, denominator = sympy.fraction(sympy.together(value))
    whole = all(map(_integer_polynomial, Add.make_args(numerator) + Add.make_args(denominator)))
    sizes = whole and numerator.is_integer and denominator.is_integer
    return (numerator, denominator) if sizes else None


def _over_common(value: Dim) -> tuple[Dim, int] | None:
    """Return an integer polynomial and the number that it is divided by, or None."""
    terms = []
    for term in Add.make_args(expand(value)):
        number, rest = term.as_coeff_Mul()
        near = Fraction(float(number)).limit_denominator(1 << 20)
        if not math.isclose(float(near), float(number), rel_tol=1e-15):
            return None
        if not (_integer_polynomial(rest) and rest.is_integer):
            return None
        terms.append((near, rest))
    denominator = math.lcm(*(number.denominator for number, _ in terms))
    whole = [int(number * denominator) * rest for number, rest in terms]
    return Add(*whole), denominator


class Scaled(sympy.Function):  # type: ignore[misc]  # sympy carries no types
    """floor(size*factor) in double arithmetic, where no fraction gives the same."""

    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, size: Dim, factor: Dim) -> Dim | None:
        """Compute the value of a number."""
        return Integer(math.floor(int(size) * float(factor))) if size.is_Integer else None


# ---------------------------------------------------------------------------- formulas


def window_count(
    size: Dim,
    *,
    kernel_size: IntoDim,
    stride: IntoDim = 1,
    dilation: IntoDim = 1,
    padding: tuple[IntoDim, IntoDim] = (0, 0),
) -> Dim:
    """Return how many windows fit on one axis: floor((H + p - d*(k - 1) - 1)/s) + 1.

    Units:
        size, kernel_size, stride, dilation, padding (low, high): elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html

    >>> print(format_dim(window_count(symbol("H"), kernel_size=3, stride=2, padding=(1, 1))))
    floor((H + 1)/2)
    """
    return _window_count(
        as_dim(size),
        as_dim(kernel_size),
        as_dim(stride),
        as_dim(dilation),
        as_dim(padding[0]) + as_dim(padding[1]),
    )


@lru_cache(_MANY)
def _window_count(size: Dim, kernel_size: Dim, stride: Dim, dilation: Dim, padding: Dim) -> Dim:
    return floordiv(size + padding - dilation * (kernel_size - 1) - 1, stride) + 1


@lru_cache(_MANY)
def lower_bound(dim: Dim) -> Fraction | None:
    """Return a number that `dim` is never below, or None where none is found.

    Two bounds are taken, and the greater one counts. Either every term is at its least by
    itself, or floors are relaxed to x/m - (m - 1)/m <= floor(x/m) <= x/m, after which terms
    that belong together meet. A bound, not always the greatest one.
    """
    constant, slopes = _relax(dim)
    relaxed = _sum_of_least(constant, slopes)
    if relaxed is not None and dim.is_integer:
        relaxed = Fraction(math.ceil(relaxed))
    alone = _sum_of_least(*_terms(dim))
    return max((bound for bound in (relaxed, alone) if bound is not None), default=None)


def _sum_of_least(constant: Fraction, slopes: Mapping[Dim, Fraction]) -> Fraction | None:
    """Return the sum with every atom at its least, or None where that is no bound."""
    bound = constant
    for atom, slope in slopes.items():
        least = _least(atom)
        if slope < 0 or least is None:
            return None
        bound += slope * least
    return bound


def _terms(dim: Dim) -> tuple[Fraction, dict[Dim, Fraction]]:
    """Return the constant and the factor of every other term."""
    slopes: dict[Dim, Fraction] = {}
    for term in Add.make_args(dim):
        number, rest = term.as_coeff_Mul()
        if not number.is_Rational:
            return Fraction(0), {term: Fraction(-1)}  # nothing is known of a float
        slopes[rest] = Fraction(int(number.p), int(number.q))
    return slopes.pop(ONE, Fraction(0)), slopes


def _relax(dim: Dim) -> tuple[Fraction, dict[Dim, Fraction]]:
    """Return a constant and slopes whose sum is never above `dim`."""
    constant, slopes = Fraction(0), dict[Dim, Fraction]()
    stack = [(Fraction(1), term) for term in Add.make_args(dim)]
    while stack:
        factor, term = stack.pop()
        number, rest = term.as_coeff_Mul()
        if not number.is_Rational:
            return Fraction(0), {term: Fraction(-1)}
        factor *= Fraction(int(number.p), int(number.q))
        if rest == 1:
            constant += factor
        elif rest.func is floor and split_floor(rest)[1] > 0:
            arg, m = split_floor(rest)
            if factor > 0:
                constant -= factor * Fraction(m - 1, m)
            stack += [(factor / m, t) for t in Add.make_args(arg)]
        else:
            slopes[rest] = slopes.get(rest, Fraction(0)) + factor
    return constant, {atom: slope for atom, slope in slopes.items() if slope}


def _least(atom: Dim) -> Fraction | None:
    """Return the least value of a product of symbols and functions, each at least 0, or None."""
    least = Fraction(1)
    for factor in Mul.make_args(atom):
        base, exponent = factor.as_base_exp()
        if base.is_Symbol:
            value = Fraction(1) if base.is_positive else Fraction(0)
        elif base.func is floor:
            inner = lower_bound(base.args[0])
            value = Fraction(math.floor(inner)) if inner is not None else Fraction(-1)
        elif base.func is Max:
            inners = [b for b in map(lower_bound, base.args) if b is not None]
            value = max(inners, default=Fraction(-1))
        elif base.func is Min:
            bounds = [lower_bound(arg) for arg in base.args]
            value = min((Fraction(-1) if b is None else b) for b in bounds)
        elif base.func is Scaled:
            value = Fraction(0)
        else:
            return None
        if value < 0 or not (exponent.is_Integer and exponent > 0):
            return None
        least *= value ** int(exponent)
    return least


# ---------------------------------------------------------------------------- numbers


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """Return the value of `dim` at `sizes`, by symbol name.

    Raises:
        KeyError: a symbol of `dim` has no value.

    >>> evaluate(floordiv(symbol("H") + 3, 4), {"H": 97})
    25
    """
    return int(dim) if dim.is_Integer else int(_compiled(dim)(sizes))


@lru_cache(_MANY)
def _compiled(dim: Dim) -> Callable[[Mapping[str, int]], int]:
    """Return `dim` as a Python function; all that enters its text is made here."""
    names: dict[str, str] = {}
    source = _source(dim, names)
    arguments = {variable: name for name, variable in names.items()}
    code = compile(source, "<dim>", "eval")
    scope = {"__builtins__": {}, "max": max, "min": min, "fraction": Fraction, "floor": math.floor}

    def value(sizes: Mapping[str, int]) -> int:
        local = {variable: sizes[name] for variable, name in arguments.items()}
        result: int = eval(code, scope, local)  # numbers, operators and v0, v1, ...
        return result

    return value


def _source(dim: Dim, names: dict[str, str]) -> str:
    def source(inner: Dim) -> str:
        return _source(inner, names)

    if dim.is_Symbol:
        return names.setdefault(dim.name, f"v{len(names)}")
    if dim.is_Integer:
        return f"({int(dim)})"
    if dim.is_Rational:
        return f"fraction({dim.p},{dim.q})"
    if dim.is_Add:
        return "(" + "+".join(map(source, dim.args)) + ")"
    if dim.is_Mul:
        return "(" + "*".join(map(source, dim.args)) + ")"
    if dim.is_Pow and dim.exp.is_Integer and dim.exp < 0:
        return f"fraction(1,{source(dim.base)}**{-int(dim.exp)})"  # never a float
    if dim.is_Pow and dim.exp.is_Integer:
        return f"({source(dim.base)}**({int(dim.exp)}))"
    if dim.func is floor:
        arg, m = split_floor(dim)
        return f"({source(arg)}//{m})" if m else f"floor({source(dim.args[0])})"
    if dim.func in (Max, Min):
        return f"{dim.func.__name__.lower()}({','.join(map(source, dim.args))})"
    if dim.func is Scaled:
        return f"floor({source(dim.args[0])}*{float(dim.args[1])!r})"
    raise TypeError(f"not a size: {dim!r}")


# ---------------------------------------------------------------------------- text


def format_shape(shape: Iterable[Dim]) -> str:
    """Return a shape as people write it: `(N, 64, floor((H + 3)/4))`."""
    parts = [format_dim(dim) for dim in shape]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def format_dim(dim: IntoDim, numbers: Mapping[str, int] | None = None) -> str:
    """Return a size as people write it; `numbers` puts values in the places of symbols.

    >>> p, k, s = symbol("p"), symbol("k"), symbol("s")
    >>> formula = floordiv(symbol("H") + 2 * p - k, s) + 1
    >>> format_dim(formula)
    'floor((H + 2*p - k)/s) + 1'
    >>> format_dim(formula, {"H": 6, "p": 1, "k": 3, "s": 2})
    'floor((6 + 2*1 - 3)/2) + 1'
    """
    return _format(as_dim(dim), tuple(sorted((numbers or {}).items())))


@lru_cache(_MANY)
def _format(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    if dim.is_Symbol:
        value = dict(numbers).get(dim.name)
        return dim.name if value is None else str(value)
    if dim.is_Integer:
        return str(dim)
    if dim.is_Add:
        return _format_sum(dim, numbers)
    if dim.is_Mul or dim.is_Pow or dim.is_Rational:
        return _format_product(dim, numbers)
    if dim.func is floor:
        return f"floor({_format_product(sympy.together(dim.args[0], deep=False), numbers)})"
    if dim.func is Scaled:
        return f"floor({_factor(dim.args[0], numbers)}*{float(dim.args[1])!r})"
    inner = ", ".join(sorted(_format(arg, numbers) for arg in dim.args))
    return f"{dim.func.__name__.lower()}({inner})"


def _format_sum(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    constant, terms = dim.as_coeff_add()
    terms = sorted(_collected(Add(*terms)), key=_term_order)
    if constant:
        terms.append(constant)
    text = ""
    for term in terms:
        negative = bool(term.as_coeff_Mul()[0] < 0)
        body = _format(-term if negative else term, numbers)
        joint = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += joint + body
    return text


def _collected(dim: Dim) -> Sequence[Dim]:
    """Return the terms of a sum, with `d*k - d` as the one term `d*(k - 1)`.

    Only parameters, written small, are drawn out; sizes, written large, stay multiplied out.
    """
    for parameter in sorted((s for s in dim.free_symbols if s.name[0].islower()), key=str):
        holders = [t for t in Add.make_args(dim) if t.as_independent(parameter)[1] == parameter]
        if len(holders) > 1:
            inner = Add(*(t / parameter for t in holders))
            rest = Add(*(t for t in Add.make_args(dim) if t not in holders))
            leading = min(Add.make_args(inner), key=_degree_first)
            sign = -1 if leading.as_coeff_Mul()[0] < 0 else 1
            drawn = Mul(sign * parameter, sign * inner, evaluate=False)
            return [*(_collected(rest) if rest != 0 else ()), drawn]
    return list(Add.make_args(dim))


def _degree_first(term: Dim) -> tuple[int, str]:
    return (-len(term.free_symbols), str(term))


def _term_order(term: Dim) -> tuple[bool, int, bool, str]:
    coefficient, rest = term.as_coeff_Mul()
    name = min((s.name for s in rest.free_symbols), default="")
    return (bool(coefficient < 0), -len(Mul.make_args(rest)), name[:1].islower(), str(rest))


def _format_product(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    numerator, denominator = sympy.fraction(dim)
    if denominator != 1:
        top = _format(numerator, numbers)
        return f"{f'({top})' if numerator.is_Add else top}/{_factor(denominator, numbers)}"
    sign, factors = "", []
    for factor in sorted(Mul.make_args(numerator), key=_factor_order):
        if factor == -1:
            sign = "-"
        elif factor.is_Pow and factor.exp.is_Integer:
            factors.append(f"{_factor(factor.base, numbers)}**{factor.exp}")
        else:
            factors.append(_factor(factor, numbers))
    return sign + "*".join(factors)


def _factor(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    text = _format(dim, numbers)
    return f"({text})" if dim.is_Add or (dim.is_Mul and "/" in text) else text


def _factor_order(factor: Dim) -> tuple[int, str]:
    kind = 0 if factor.is_Number else 1 if factor.is_Symbol else 2
    return (kind, str(factor))


@lru_cache(_MANY)
def as_remainder(dim: Dim) -> tuple[Dim, int] | None:
    """Return (x, m) where `dim` is x mod m, written x - m*floor(x/m), or None."""
    for term in Add.make_args(dim):
        coefficient, atom = term.as_coeff_Mul()
        if atom.func is floor and coefficient < 0:
            x, m = split_floor(atom)
            if m and expand(dim - x + m * atom) == 0:
                return x, m
    return None
