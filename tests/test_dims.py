"""The normal form against Python's own integers."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import islpy as isl
import sympy
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import dims, sets
from shapecalc.conditions import Condition
from shapecalc.dims import Shape, format_dim, symbol, window_count

H, W, N = symbol("H"), symbol("W"), symbol("N")
SIZES = [{"H": h, "W": w} for h, w in ((1, 1), (7, 3), (8, 20), (33, 1), (64, 65), (225, 231))]


@dataclass(frozen=True)
class Both:
    """A formula, and the same computed with Python's integers at every size."""

    dim: Any
    numbers: tuple[int, ...]


def _start(name: str) -> Both:
    return Both(symbol(name), tuple(sizes[name] for sizes in SIZES))


def _step(draw: st.DrawFn, x: Both, y: Both) -> Both:
    number = draw(st.integers(-9, 9))
    divisor = draw(st.integers(1, 8))
    match draw(st.sampled_from(["floordiv", "ceildiv", "mod", "add", "mul", "max", "min", "sum"])):
        case "floordiv":
            return Both(dims.floordiv(x.dim, divisor), tuple(a // divisor for a in x.numbers))
        case "ceildiv":
            return Both(dims.ceildiv(x.dim, divisor), tuple(-(-a // divisor) for a in x.numbers))
        case "mod":
            return Both(dims.mod(x.dim, divisor), tuple(a % divisor for a in x.numbers))
        case "add":
            return Both(dims.add(x.dim, dims.as_dim(number)), tuple(a + number for a in x.numbers))
        case "mul":
            return Both(dims.mul(x.dim, dims.as_dim(number)), tuple(a * number for a in x.numbers))
        case "max":
            dim = dims.maximum(x.dim, dims.as_dim(number))
            return Both(dim, tuple(max(a, number) for a in x.numbers))
        case "min":
            return Both(
                dims.minimum(x.dim, y.dim),
                tuple(map(min, x.numbers, y.numbers)),
            )
    return Both(dims.add(x.dim, y.dim), tuple(map(operator.add, x.numbers, y.numbers)))


@st.composite
def formulas(draw: st.DrawFn) -> Both:
    x, y = _start("H"), _start("W")
    for _ in range(draw(st.integers(1, 6))):
        x, y = _step(draw, x, y), x
    return x


@given(formulas())
def test_a_formula_has_the_value_of_what_it_was_made_from(both: Both) -> None:
    for sizes, number in zip(SIZES, both.numbers, strict=True):
        assert dims.evaluate(both.dim, sizes) == number


@given(formulas())
def test_a_lower_bound_is_never_above_the_value(both: Both) -> None:
    bound = dims.lower_bound(both.dim)
    assert bound is None or bound <= min(both.numbers)


@given(formulas(), formulas())
def test_what_is_known_of_a_condition_holds_at_every_size(left: Both, right: Both) -> None:
    for relation in ("==", "!=", "<", "<=", ">", ">="):
        known = Condition(left.dim, relation, right.dim).known()
        if known is not None:
            for sizes in SIZES:
                assert Condition(left.dim, relation, right.dim).holds(sizes) is known


@given(formulas())
def test_the_text_of_a_formula_says_its_value(both: Both) -> None:
    scope = {"floor": math.floor, "max": max, "min": min}
    for sizes, number in zip(SIZES, both.numbers, strict=True):
        assert eval(format_dim(both.dim), scope, dict(sizes)) == number
        assert eval(format_dim(both.dim, sizes), scope) == number


@given(formulas())
def test_isl_gives_the_same_value(both: Both) -> None:
    for sizes, number in zip(SIZES, both.numbers, strict=True):
        text = sets.isl_text(both.dim, {})
        if text is not None:
            at = " and ".join(f"{name} = {size}" for name, size in sizes.items())
            values = isl.Set(f"{{ [v] : exists H, W : {at} and v = {text} }}")
            assert (
                values.sample_point().get_coordinate_val(isl.dim_type.set, 0).to_python() == number
            )


@given(st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_nested_floors_are_one_floor(m: int, n: int, c: int, e: int) -> None:
    nested = dims.floordiv(dims.floordiv(H + c, m) + e, n)
    assert nested == dims.floordiv(H + c + e * m, m * n)
    assert len(nested.atoms(sympy.floor)) <= 1


def test_two_halves_are_a_whole() -> None:
    for size in (H, dims.floordiv(H, 4), dims.floordiv(3 * H + 1, 5)):
        low, high = dims.floordiv(size, 2), dims.ceildiv(size, 2)
        assert dims.add(low, high) == size
        assert dims.sub(size, low) == high
        assert dims.sub(size, high) == low
        assert dims.floordiv(dims.mul(dims.as_dim(2), dims.sub(size, low)), 2) == high
    padded = dims.add(H, dims.mod(H, 2))
    assert dims.floordiv(padded, 2) == dims.ceildiv(H, 2)
    assert Shape((padded,)) == Shape((2 * dims.ceildiv(H, 2),))


def test_equal_sizes_are_equal_objects() -> None:
    twice = window_count(
        window_count(H, kernel_size=3, stride=2, padding=(1, 1)), kernel_size=1, stride=2
    )
    assert twice == window_count(H, kernel_size=7, stride=4, padding=(3, 3))
    assert Shape((N, 64, twice)) == Shape((N, 64, sympy.floor((H + 3) / 4)))
    assert dims.mul(H + 1, N) == N * H + N


def test_text_is_what_people_write() -> None:
    p, k, s, d = symbol("p", minimum=0), symbol("k"), symbol("s"), symbol("d")
    general = window_count(H, kernel_size=k, stride=s, padding=(p, p), dilation=d)
    assert format_dim(general) == "floor((H + 2*p - d*(k - 1) - 1)/s) + 1"
    numbers = {"H": 6, "p": 1, "k": 3, "s": 2}
    plain = window_count(H, kernel_size=k, stride=s, padding=(p, p))
    assert format_dim(plain) == "floor((H + 2*p - k)/s) + 1"
    assert format_dim(plain, numbers) == "floor((6 + 2*1 - 3)/2) + 1"
    assert str(Shape((N, 64, dims.floordiv(H + 3, 4)))) == "(N, 64, floor((H + 3)/4))"
    assert str(Shape((5,))) == "(5,)"
    assert format_dim(dims.product((N, 16, dims.floordiv(H, 4), dims.floordiv(W, 4)))) == (
        "16*N*floor(H/4)*floor(W/4)"
    )
    assert str(Condition(dims.mod(H, 32), "==", 0)) == "H mod 32 = 0"


@given(st.floats(0.05, 8, allow_nan=False), st.integers(1, 5000))
def test_a_scaled_size_is_what_double_arithmetic_gives(factor: float, size: int) -> None:
    assert dims.evaluate(dims.scaled(H, factor), {"H": size}) == math.floor(size * factor)


def test_scales_that_round_the_wrong_way() -> None:
    for factor in (0.29, 0.57, 0.58, 1.1, 1 / 3, 2 / 3, 0.1, 0.7, 1.15, 2.3):
        for size in (*range(1, 400), 29_000, 65_535):
            value = dims.evaluate(dims.scaled(H, factor), {"H": size})
            assert value == math.floor(size * factor), (factor, size)


@given(formulas(), formulas(), st.integers(1, 3))
def test_division_by_a_size_is_exact(top: Both, bottom: Both, power: int) -> None:
    divisor = dims.maximum(bottom.dim, dims.ONE)
    by = dims.product([divisor] * power)
    for sizes, a, b in zip(SIZES, top.numbers, bottom.numbers, strict=True):
        expected = a // max(b, 1) ** power
        assert dims.evaluate(dims.floordiv(top.dim, by), sizes) == expected
        assert dims.evaluate(dims.mod(top.dim, by), sizes) == a - expected * max(b, 1) ** power
        whole = dims.mul(top.dim, by)
        assert dims.evaluate(dims.floordiv(whole, divisor), sizes) == a * max(b, 1) ** (power - 1)


def test_polynomial_division_is_exact() -> None:
    numel = dims.product((N, 16, H, W))
    assert dims.floordiv(numel, dims.product((N, W))) == 16 * H
    assert dims.divides(numel, dims.mul(N, H))
    assert dims.floordiv(dims.mul(N, H + 1), N) == H + 1
    assert dims.evaluate(dims.floordiv(numel, 400), {"N": 1, "H": 5, "W": 5}) == 1
