"""Sets of sizes: compared point by point with the conditions that they stand for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import islpy as isl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.condition_set import condition_set

N, H, W, L = (dims.symbol(name) for name in "NHWL")
RELATIONS: tuple[Relation, ...] = ("==", "!=", "<", "<=", ">", ">=")


def f(size: Dim, m: int, c: int = 0) -> Dim:
    """Return floor((size + c)/m)."""
    return dims.floordiv(size + c, m)


def ceil(size: Dim, m: int) -> Dim:
    return f(size, m, m - 1)


def box(names: Sequence[str], low: int, high: int) -> isl.Set:
    bounds = " and ".join(f"{low} <= {name} <= {high}" for name in names)
    return isl.Set(f"{{ [{', '.join(names)}] : {bounds or 'true'} }}")


def points(found: isl.Set) -> set[tuple[int, ...]]:
    held: set[tuple[int, ...]] = set()
    rank = range(found.dim(isl.dim_type.set))
    found.foreach_point(
        lambda point: held.add(
            tuple(point.get_coordinate_val(isl.dim_type.set, n).to_python() for n in rank)
        )
    )
    return held


def holds(condition: Condition, sizes: dict[str, int]) -> bool:
    try:
        return condition.holds(sizes)
    except ZeroDivisionError:  # what divides by 0 is not met, and neither is its contrary
        return False


def expected(condition: Condition, names: Sequence[str], ranges: range) -> set[tuple[int, ...]]:
    return {
        point
        for point in itertools.product(ranges, repeat=len(names))
        if holds(condition, dict(zip(names, point, strict=True)))
    }


def names_of(condition: Condition) -> list[str]:
    return [str(symbol) for symbol in condition.symbols]


# ---------------------------------------------------------------------------- what is supported

# Conditions as models give them, made smaller so that a box shows both sides.
CONDITIONS = [
    # a product against 0, and what factors
    Condition(N, "==", N * f(H, 16, 12) * f(W, 16, 12)),
    Condition(32 * N * f(H, 8, 3) * f(W, 8, 3), "!=", 0),
    Condition(N * f(L, 5) - N, "!=", 1),
    Condition(64 * N * f(L, 8, 6) - 64 * N, "!=", 0),
    Condition(f(W, 14, 10), "==", f(H, 14, 10) * f(W, 14, 10)),
    Condition(f(L, 16, 10) ** 2 - 2 * f(L, 16, 10) + 1, "!=", 0),
    Condition(12 * N, "==", 12 * N * f(L, 7, 5) - 12 * N),
    Condition((H - 9) * (W - 7), ">", 0),
    Condition((H - 9) ** 2 * (W - 7), ">=", 0),
    Condition((H - 9) ** 2 * (W - 7), "<", 0),
    Condition((H - W) * (H + W - 20) * (H - 5), "<=", 0),
    # a product against a number
    Condition(16 * f(H, 4) * f(W, 4), "==", 400),
    Condition(8 * (f(H, 2) - 1) * (f(W, 2) - 1), "==", 400),
    Condition((f(H, 4) - 3) * (f(W, 4) - 3), "==", 25),
    Condition(16 * f(H, 4) * f(W, 4), "==", 402),
    Condition(f(H, 4, 2) ** 2, "==", 49),
    Condition(f(H, 4, 2) ** 2, "!=", 50),
    Condition(H * H + H, "==", 42),
    Condition(N * f(H, 2) ** 2, "==", 36),
    Condition(N * f(H, 2) * f(W, 3), "==", 12),
    Condition(N * f(H, 2) * f(W, 3), ">=", 12),
    Condition(f(H, 3) * f(W, 3) + 1, "==", 50),
    Condition(21 * ceil(H, 4) * ceil(W, 4), ">=", 300),
    Condition(7 * f(N, 2, 1) * ceil(H, 3), "<=", 100),
    Condition(f(H, 4) * f(W, 4), ">", 1),
    Condition((H - 9) * (W - 7), "==", -12),
    Condition((H - 9) * (W - 7), "<", -5),
    Condition((H - 9) * (7 - W), "<=", 20),
    Condition(2 * H * W + 3 * H + 5 * W, "==", 80),
    # two products
    Condition(64 * ceil(H, 8) * ceil(W, 8), "==", H * W),
    Condition(N * f(H, 8) * f(W, 8), "==", N * ceil(H, 8) * ceil(W, 8)),
    Condition(16 * f(H, 16) * f(W, 16), "==", f(H, 4) * f(W, 4)),
    # remainders
    Condition(8 * f(H, 3) * f(W, 3), "==", 112 * dims.floordiv(f(H, 3) * f(W, 3), 14)),
    Condition(dims.mod(N * f(H, 2) * f(W, 2), 12), "==", 0),
    Condition(dims.mod((f(H, 3) - 2) * (f(W, 2) - 5), 25), "==", 0),
    Condition(dims.mod(6 * H * W, 20), "==", 10),
    Condition(dims.mod(H * W + H, 9), "==", 3),
    Condition(dims.mod(H * W + 5, 8), "==", 0),
    Condition(dims.mod((H - 2) * (W + 3), 6), "==", 0),
    Condition(dims.mod(H * H, 8), "<=", 1),
    Condition(dims.mod(H * W, 500), "==", 0),
    Condition(112 * dims.floordiv(f(H, 3) * f(W, 3), 14) + 1, "!=", 1),
    Condition(dims.floordiv(H * W, 10), "<=", 12),
    # quotients
    Condition(dims.floordiv(448, f(H, 4) * f(W, 4)), "==", 8),
    Condition(14336, "==", 32 * dims.floordiv(448, f(H, 4) * f(W, 4)) * f(H, 4) * f(W, 4)),
    Condition(dims.floordiv(1, f(W, 6)) + f(H, 6), ">=", 1),
    Condition(f(H, 6) * f(W, 6) + dims.floordiv(1, f(W, 6)) * f(W, 6), "!=", 0),
    Condition(dims.mod(60, H * W), "==", 0),
    Condition(dims.mod(60, H * W), "==", 4),
    Condition(dims.mod(-60, 2 * H), "==", 0),
    Condition(dims.mod(60, (H - 3) * (H - 3)), "<=", 3),
    Condition(dims.floordiv(f(H, 2, 1), f(W, 2, 1)), "==", 2),
    Condition(-dims.floordiv(-f(W, 4), f(H, 4)) * f(H, 4), ">=", f(W, 4)),
    Condition(f(W, 8), "==", f(W, 32) * dims.floordiv(f(W, 8), f(W, 32))),
    Condition(dims.floordiv(100, H) * W, "==", 50),
    Condition(dims.floordiv(-20, H) * W, "<", -25),
    # the smaller or larger of two
    Condition(dims.minimum(H, W) * f(H, 4), "==", 12),
    Condition(dims.maximum(H, 2 * W) * dims.minimum(H, W), "<=", 60),
    Condition(dims.maximum(H * W, 40) + H, "==", 48),
    Condition(dims.minimum(H * W, N * H), ">", 20),
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_set_holds_the_sizes_that_meet_the_condition(condition: Condition) -> None:
    names = names_of(condition)
    largest = 24 if len(names) == 3 else 60
    everywhere = isl.Set(f"{{ [{', '.join(names)}] : {' and '.join(f'{n} >= 1' for n in names)} }}")
    for each in (condition, condition.negated()):
        found = condition_set(each, everywhere)
        assert found is not None, each
        held = points(found.intersect(box(names, 1, largest)))
        assert held == expected(each, names, range(1, largest + 1)), each


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize(
    "left",
    [
        H * W - 40,
        (H - 4) * (W - 9) - 12,
        (H - 4) * (W - 9) + 12,
        -3 * H * W + 61,
        dims.mod(H * W, 12) - 4,
        dims.floordiv(40, H * W) - 3,
        dims.mod(36, H * W) - 8,
        dims.mod(36, H * W),
        2 * dims.mod(H, W) + 1,
        dims.floordiv(3 * H, W) - 2,
        2 * H - 3 * dims.floordiv(30, W),
    ],
    ids=str,
)
def test_every_relation(left: Dim, relation: Relation) -> None:
    condition = Condition(left, relation, 0)
    found = condition_set(condition, isl.Set("{ [H, W] : H >= 1 and W >= 1 }"))
    if condition.known() is None:
        assert found is not None
        held = points(found.intersect(box("HW", 1, 45)))
        assert held == expected(condition, "HW", range(1, 46))


def test_product_of_three_for_a_large_number() -> None:
    condition = Condition(f(N, 2, 1) * ceil(H, 4) * ceil(W, 4) + 1, "==", 25089)
    found = condition_set(condition, isl.Set("{ [N, H, W] : N >= 1 and H >= 1 and W >= 1 }"))
    assert found is not None
    for sizes in ((16, 224, 224), (15, 221, 224), (16, 225, 224), (32, 112, 224), (2, 16, 25088)):
        here = dict(zip("NHW", sizes, strict=True))
        point = isl.Set(f"{{ [{', '.join(map(str, sizes))}] }}")
        assert point.is_subset(found.reset_tuple_id()) == condition.holds(here), sizes


def test_lenet_is_three_squares() -> None:
    condition = Condition(16 * f(H, 4) * f(W, 4), "==", 400)
    found = condition_set(condition, isl.Set("{ [H, W] : H >= 1 and W >= 1 }"))
    expected_ = "[H, W] : {} <= H <= {} and {} <= W <= {}"
    squares = ((4, 7, 100, 103), (20, 23, 20, 23), (100, 103, 4, 7))
    text = "; ".join(expected_.format(*square) for square in squares)
    assert found is not None
    assert found.is_equal(isl.Set(f"{{ {text} }}"))


# ---------------------------------------------------------------------------- within a set


def test_sizes_that_take_few_values_are_gone_through() -> None:
    cubic = Condition(H**3 - 5 * H * W, "==", W * W + 3)
    assert condition_set(cubic, isl.Set("{ [H, W] : H >= 1 and W >= 1 }")) is None
    for low, high in ((1, 20), (200, 215)):
        found = condition_set(cubic.negated(), box("HW", low, high))
        assert found is not None
        assert points(found) == expected(cubic.negated(), "HW", range(low, high + 1))


def test_one_bounded_symbol_is_enough() -> None:
    divides = Condition(dims.mod(W, f(H, 32)), "==", 0)
    found = condition_set(divides, isl.Set("{ [H, W] : 64 <= H < 224 and W >= 1 }"))
    assert found is not None
    for h, w in ((64, 5), (64, 6), (100, 7), (223, 12), (223, 13)):
        at = isl.Set(f"{{ [H, W] : H = {h} and W = {w} }}")
        assert (not found.intersect(at).is_empty()) == divides.holds({"H": h, "W": w})


PADDED = dims.floordiv(N * ceil(H, 8) * ceil(W, 8), f(H, 8, 5) * f(W, 8, 5))
WINDOWS = dims.floordiv(48 * f(H, 2) * f(W, 2), f(H, 8) * f(W, 8))


@pytest.mark.parametrize(
    ("condition", "narrow"),
    [
        (Condition(N, "==", PADDED), "H mod 8 = 0 and W mod 8 = 7"),
        (Condition(PADDED, "!=", 1), "H mod 8 = 4 and W mod 8 = 0"),
        (Condition(WINDOWS, "==", 768), "N = 1 and H mod 8 < 2 and W mod 8 < 2"),
        (Condition(WINDOWS, ">", 900), "N = 1 and H mod 8 < 2 and W mod 8 = 2"),
    ],
    ids=str,
)
def test_sizes_that_keep_pace_within_a_set_are_written_alike(
    condition: Condition, narrow: str
) -> None:
    within = isl.Set(f"{{ [N, H, W] : N >= 1 and H >= 1 and W >= 1 and {narrow} }}")
    for each in (condition, condition.negated()):
        found = condition_set(each, within)
        assert found is not None
        inside = points(within.intersect(box("NHW", 1, 26)))
        met = {p for p in inside if holds(each, dict(zip("NHW", p, strict=True)))}
        assert points(found.intersect(box("NHW", 1, 26))) == met


def test_what_divides_by_zero_is_not_met() -> None:
    size = f(H, 7) - 1
    condition = Condition(dims.floordiv(size, 2 * size), "<=", 9)  # 1/2, but where the size is 0
    found = condition_set(condition, isl.Set("{ [H] : 7 <= H <= 40 }"))
    assert found is not None
    assert points(found) == {(h,) for h in range(14, 41)}


def test_undecided_where_nothing_is_bounded() -> None:
    divides = Condition(dims.mod(W, H), "==", 0)
    assert condition_set(divides, isl.Set("{ [H, W] : H >= 1 and W >= 1 }")) is None
    huge = Condition(H * W, "<=", 10**12)
    assert condition_set(huge, isl.Set("{ [H, W] : H >= 1 and W >= 1 }")) is None


def test_symbols_that_the_set_does_not_know_are_undecided() -> None:
    assert condition_set(Condition(H, ">=", 3), isl.Set("{ [W] : W >= 1 }")) is None


# ---------------------------------------------------------------------------- random conditions

small = st.integers(-6, 6)


@st.composite
def factors(draw: st.DrawFn, symbols: Sequence[Dim] = (H, W)) -> Dim:
    """Draw a symbol or a floor of one, shifted, or the smaller or larger of two."""
    size = draw(st.sampled_from(symbols))
    match draw(st.sampled_from(("symbol", "floor", "floor", "floor", "extreme"))):
        case "floor":
            times, shift, m = draw(st.integers(1, 3)), draw(small), draw(st.integers(2, 7))
            size = dims.floordiv(times * size + shift, m)
        case "extreme":
            extreme = draw(st.sampled_from((dims.minimum, dims.maximum)))
            size = extreme(size, dims.as_dim(draw(st.integers(2, 20))))
    return size + draw(st.sampled_from((0, 0, 0, 0, -3, -1, 2)))


@st.composite
def products(draw: st.DrawFn, symbols: Sequence[Dim] = (H, W), most: int = 2) -> Dim:
    chosen = [draw(factors(symbols)) for _ in range(draw(st.integers(1, most)))]
    return draw(st.sampled_from((1, 1, 2, 3, -1, -4))) * dims.product(chosen)


@st.composite
def formulas(draw: st.DrawFn) -> Dim:
    """Draw a product, its remainder, or a quotient by it."""
    product = draw(products())
    match draw(st.sampled_from(("product", "remainder", "whole", "over", "left"))):
        case "remainder":
            return dims.mod(product, draw(st.integers(2, 20)))
        case "whole":
            return dims.floordiv(product, draw(st.integers(2, 12)))
        case "over" | "left" as form:
            numerator = draw(st.integers(-40, 120) | factors())
            assume(not product.is_Integer)
            return (dims.floordiv if form == "over" else dims.mod)(numerator, product)
    return product


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    left, right = draw(formulas()), dims.as_dim(draw(st.integers(-10, 100)))
    if draw(st.integers(0, 4)) == 0:
        right = right + draw(products())
    return Condition(left, draw(st.sampled_from(RELATIONS)), right)


@settings(max_examples=100, deadline=None)
@given(conditions())
def test_random_conditions(condition: Condition) -> None:
    everywhere = isl.Set("{ [H, W] : H >= 1 and W >= 1 }")
    for each in (condition, condition.negated()):
        met = expected(each, "HW", range(1, 19))
        found = condition_set(each, everywhere)
        if found is not None:
            assert points(found.intersect(box("HW", 1, 18))) == met
        inside = condition_set(each, box("HW", 1, 18))
        if inside is not None:
            assert points(inside) == met


@settings(max_examples=40, deadline=None)
@given(products(symbols=(N, H, W), most=3), st.sampled_from(RELATIONS), st.integers(-30, 80))
def test_random_products_of_three(product: Dim, relation: Relation, number: int) -> None:
    condition = Condition(product, relation, number)
    found = condition_set(condition, isl.Set("{ [N, H, W] : N >= 1 and H >= 1 and W >= 1 }"))
    if found is not None:
        assert points(found.intersect(box("NHW", 1, 10))) == expected(
            condition, "NHW", range(1, 11)
        )


# ---------------------------------------------------------------------------- speed


def test_a_condition_that_was_seen_is_quick() -> None:
    condition = Condition(16 * f(H, 4) * f(W, 4), "==", 400)
    within = isl.Set("{ [N, H, W] : N >= 1 and H >= 1 and W >= 1 }")
    condition_set(condition, within)
    start = time.perf_counter()
    condition_set(condition, within)
    assert time.perf_counter() - start < 0.003
