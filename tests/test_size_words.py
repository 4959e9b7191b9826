"""Sets of sizes as people say them: what is printed is true of just the sizes in the set."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.sets import SizeSet
from shapecalc.sets.clauses import Clause, clauses, formal, words
from shapecalc.sets.parts import Part, parts

N, H, W = (dims.symbol(name, minimum=0) for name in "NHW")  # the sets say how small they can be


def is_(left: object, relation: Relation, right: object) -> Condition:
    return Condition(left, relation, right)


def rest(size: object, modulus: int, relation: Relation, right: int) -> Condition:
    return Condition(dims.mod(size, modulus), relation, right)


@dataclass(frozen=True)
class Sizes:
    """Alternatives, each a list of conditions: what the set and the brute force are made from."""

    alternatives: tuple[tuple[Condition, ...], ...]
    least: int = 1

    def as_set(self, names: Sequence[str]) -> SizeSet:
        every = SizeSet.every(names, dict.fromkeys(names, self.least))
        found = every.minus(every)
        for conditions in self.alternatives:
            one = every
            for condition in conditions:
                one = one.where(condition)
            assert not one.open
            found = found.union(one)
        return found

    def __and__(self, conditions: tuple[Condition, ...]) -> Sizes:
        return Sizes(tuple((*path, *conditions) for path in self.alternatives), self.least)

    def holds(self, at: Mapping[str, int]) -> bool:
        above = min(at.values()) >= self.least
        return above and any(all(c.holds(at) for c in path) for path in self.alternatives)


def either(*alternatives: Sequence[Condition], least: int = 1) -> Sizes:
    return Sizes(tuple(map(tuple, alternatives)), least)


def every(*conditions: Condition, least: int = 1) -> Sizes:
    return either(conditions, least=least)


# ---------------------------------------------------------------- what is written is read again


def reads(text: str, at: Mapping[str, int]) -> bool:
    """Tell whether a text of ours is true at sizes, by Python's own arithmetic."""
    if text.startswith("no "):
        return False
    python = text.replace(", or ", " or ").replace(" mod ", " % ").replace(" = ", " == ")
    python = python.replace("/", "//").replace("floor", "")
    python = re.sub(r"in (\d+)\.\.(\d+)", r"in {\1..\2}", python)
    python = re.sub(r"\{(.*?)\}", lambda found: _numbers(found[1]), python)
    return bool(eval(python, {"__builtins__": {}}, dict(at)))  # a text that shapecalc has made


def _numbers(text: str) -> str:
    ends = [item.split("..") for item in text.split(", ")]
    return str({n for end in ends for n in range(int(end[0]), int(end[-1]) + 1)})


_LIST = r"\d+(?: to \d+)?(?:(?:, |,? or )\d+(?: to \d+)?)*"
_KIND = rf"(?:odd|even|(?:not )?(?:{_LIST} more than )?a multiple of \d+)"
_KINDS = rf"{_KIND}(?: (?:and|or) {_KIND})*"


def said(text: str, n: int) -> bool:
    """Tell whether words are true of a size n, as one who never saw the program reads them."""
    if found := re.fullmatch(r"(.*), 0 included", text):
        return n == 0 or said(found[1], n)
    if "; or " in text:
        return any(said(option, n) for option in text.split("; or "))
    if found := re.fullmatch(rf"any but ({_LIST})", text):
        return n > 0 and not _listed(found[1], n)
    if found := re.fullmatch(rf"(.*), but not ({_LIST})", text):
        return said(found[1], n) and not _listed(found[2], n)
    bound = r"at least \d+|at most \d+|\d+ to \d+"
    if found := re.fullmatch(rf"({_KINDS})(?:: (.*)|, ({bound}))", text):
        return _of_kind(found[1], n) and said(found[2] or found[3], n)
    if found := re.fullmatch(rf"({_KINDS}) from (\d+) (?:on|to (\d+))", text):
        return _of_kind(found[1], n) and int(found[2]) <= n <= int(found[3] or n)
    if found := re.fullmatch(r"(at least|at most) (\d+)|(\d+) only", text):
        value = int(found[2] or found[3])
        return {"at least": n >= value, "at most": 0 < n <= value, None: n == value}[found[1]]
    if re.fullmatch(_LIST, text):
        return _listed(text, n)
    if re.fullmatch(_KINDS, text):
        return n > 0 and _of_kind(text, n)
    if text in ("any", "none"):
        return text == "any" and n > 0
    options = re.split(r",? or |, ", text)
    assert len(options) > 1, f"nobody understands {text!r}"
    return any(said(option, n) for option in options)


def _listed(text: str, n: int) -> bool:
    runs = [list(map(int, item.split(" to "))) for item in re.split(r",? or |, ", text)]
    return any(run[0] <= n <= run[-1] for run in runs)


def _of_kind(text: str, n: int) -> bool:
    if text in ("odd", "even"):
        return n % 2 == (text == "odd")
    if found := re.fullmatch(rf"(not )?(?:({_LIST}) more than )?a multiple of (\d+)", text):
        return _listed(found[2] or "0", n % int(found[3])) != bool(found[1])
    if found := re.fullmatch(rf"({_KIND}) and ({_KINDS})", text):
        return _of_kind(found[1], n) and _of_kind(found[2], n)
    return any(_of_kind(kind, n) for kind in re.findall(_KIND, text))


# ---------------------------------------------------------------- one symbol

# fmt: off
ONE = [
    (every(),                                            "H >= 1",                         "any"),
    (every(least=0),                                     "H >= 0",                         "any, 0 included"),
    (every(is_(H, ">=", 75)),                            "H >= 75",                        "at least 75"),
    (every(rest(H, 16, "==", 0)),                        "H mod 16 = 0 and H >= 16",       "a multiple of 16"),
    (every(rest(H, 16, "==", 0), least=0),               "H mod 16 = 0 and H >= 0",        "a multiple of 16, 0 included"),
    (every(rest(H, 32, "==", 0), is_(H, ">=", 33)),      "H mod 32 = 0 and H >= 64",       "a multiple of 32, at least 64"),
    (every(is_(H, "==", 224)),                           "H = 224",                        "224 only"),
    (every(is_(H, "<=", 0), least=0),                    "H = 0",                          "0 only"),
    (every(is_(dims.floordiv(H, 4), "==", 7)),           "28 <= H <= 31",                  "28 to 31"),
    (every(is_(dims.floordiv(H, 2), "==", 7)),           "H in {14, 15}",                  "14 or 15"),
    (every(rest(H, 2, "==", 1), is_(H, ">=", 6)),        "H mod 2 = 1 and H >= 7",         "odd, at least 7"),
    (every(rest(H, 2, "==", 0)),                         "H mod 2 = 0 and H >= 2",         "even"),
    (every(rest(H, 2, "==", 1), least=0),                "H mod 2 = 1 and H >= 1",         "odd"),
    (every(rest(H, 16, "<", 8), is_(H, ">=", 9)),        "H mod 16 < 8 and H >= 16",       "0 to 7 more than a multiple of 16, at least 16"),
    (every(rest(H, 32, ">=", 4)),                        "H mod 32 >= 4 and H >= 4",       "4 to 31 more than a multiple of 32"),
    (every(rest(H, 4, "==", 3), is_(H, ">=", 5)),        "H mod 4 = 3 and H >= 7",         "3 more than a multiple of 4, at least 7"),
    (every(rest(H, 8, "!=", 0)),                         "H mod 8 != 0 and H >= 1",        "not a multiple of 8"),
    (every(rest(H, 4, "==", 0), rest(H, 32, "!=", 0)),   "H mod 4 = 0 and H mod 32 != 0 and H >= 4", "a multiple of 4 and not a multiple of 32"),
    (every(rest(H, 7, "==", 0), rest(H, 32, "<", 8)),    "H mod 7 = 0 and H mod 32 < 8 and H >= 7",  "a multiple of 7 and 0 to 7 more than a multiple of 32"),
    (every(is_(dims.mod(dims.floordiv(H + 3, 6), 3), "==", 1)), "H mod 18 in 3..8 and H >= 3", "3 to 8 more than a multiple of 18"),
    (every(is_(H, "<=", 512)),                           "1 <= H <= 512",                  "at most 512"),
    (every(is_(H, "<=", 512), least=0),                  "0 <= H <= 512",                  "0 to 512"),
    (every(rest(H, 16, "==", 0), is_(H, "<=", 520)),     "H mod 16 = 0 and 16 <= H <= 512", "a multiple of 16, at most 512"),
    (every(rest(H, 16, "==", 0), is_(H, "<=", 512), is_(H, ">", 48)), "H mod 16 = 0 and 64 <= H <= 512", "a multiple of 16, 64 to 512"),
    (every(is_(H, "!=", 7)),                             "H >= 1 and H != 7",              "any but 7"),
    (every(is_(H, "!=", 7), least=0),                    "H >= 0 and H != 7",              "any but 7, 0 included"),
    (every(is_(H, ">=", 5), is_(H, "!=", 7), is_(H, "!=", 12)), "H >= 5 and H not in {7, 12}", "at least 5, but not 7 or 12"),
    (every(is_(H, "<", 0)),                              "no H at all",                    "none"),
    (either([is_(H, "==", 9)], [is_(H, "==", 13)], [is_(H, "==", 21)]),          "H in {9, 13, 21}",          "9, 13 or 21"),
    (either([is_(H, ">=", 5), is_(H, "<=", 7)], [is_(H, ">=", 12)]),             "5 <= H <= 7 or H >= 12",    "5 to 7, or at least 12"),
    (either([is_(H, "==", 1)], [is_(H, "==", 4)], [is_(H, ">=", 9)]),            "H in {1, 4} or H >= 9",     "1, 4, or at least 9"),
    (either(*([rest(H, 8, "==", r)] for r in (0, 3, 4))),                        "H mod 8 in {0, 3, 4} and H >= 3", "0, 3 or 4 more than a multiple of 8"),
    (either([rest(H, 32, "==", 0), is_(H, ">", 32)], [is_(H, "==", 1)]),         "H = 1 or (H mod 32 = 0 and H >= 64)", "1, or a multiple of 32 from 64 on"),
    (either([rest(H, 16, "==", 0), is_(H, "<", 60)], [rest(H, 16, "==", 0), is_(H, ">", 90)]), "H mod 16 = 0 and (16 <= H <= 48 or H >= 96)", "a multiple of 16: 16 to 48, or at least 96"),
    (either(*([rest(H, m, "==", 0)] for m in (2, 3, 5, 7))), "(H mod 2 = 0 or H mod 3 = 0 or H mod 5 = 0 or H mod 7 = 0) and H >= 2", "even or a multiple of 3 or a multiple of 5 or a multiple of 7"),
    (either([rest(H, 32, "==", 0)], [is_(H, ">=", 512)]), "(H mod 32 = 0 or H >= 512) and H >= 32", "a multiple of 32, or at least 512"),
    (either([rest(H, 32, "==", 0), is_(H, ">", 32)], [is_(H, ">=", 512)]), "(H mod 32 = 0 and H >= 64) or H >= 512", "a multiple of 32 from 64 on, or at least 512"),
    (either([rest(H, 6, "==", 2)], [rest(H, 6, "==", 4)], [is_(H, ">=", 60)]), "(H mod 6 in {2, 4} or H >= 60) and H >= 2", "2 or 4 more than a multiple of 6; or at least 60"),
    (either([rest(H, 8, "==", 0), is_(H, "<=", 64)], [rest(H, 2, "==", 0), is_(H, ">=", 100)]), "(H mod 8 = 0 and 8 <= H <= 64) or (H mod 2 = 0 and H >= 100)", "a multiple of 8, at most 64; or even, at least 100"),
    (every(rest(H, 100_003, "==", 0)),                   "H mod 100003 = 0 and H >= 100003", "a multiple of 100003"),
]
# fmt: on


@pytest.mark.parametrize(("sizes", "text", "meaning"), ONE, ids=[row[1] for row in ONE])
def test_one_symbol_is_said_as_people_do(sizes: Sizes, text: str, meaning: str) -> None:
    found = sizes.as_set(["H"])
    assert (formal(found), words(found)) == (text, meaning)
    assert_exact_of_one(sizes, found)


def assert_exact_of_one(sizes: Sizes, found: SizeSet) -> None:
    together = found.anything()
    for clause in clauses(found):
        together = together.intersect(clause.sizes)
    assert together.points.is_equal(found.points)
    text, meaning = formal(found), words(found)
    for n in (*range(150), *range(200, 230), *range(500, 530)):
        at = {"H": n}
        assert reads(text, at) == sizes.holds(at), f"{text} at {n}"
        assert said(meaning, n) == sizes.holds(at), f"{meaning} at {n}"
        for clause in clauses(found):
            assert_clause_reads_as_its_sizes(clause, at)


def assert_clause_reads_as_its_sizes(clause: Clause, at: Mapping[str, int]) -> None:
    assert reads(clause.text, at) == clause.sizes.contains(at), f"{clause.text} at {at}"


def test_a_clause_speaks_of_what_it_says_alone() -> None:
    found = every(rest(H, 16, "==", 0), is_(H, ">=", 40)).as_set(["H"])
    assert [(c.text, c.words) for c in clauses(found)] == [
        ("H mod 16 = 0", "a multiple of 16"),
        ("H >= 48", "at least 48"),
    ]
    assert clauses(found)[0].sizes.contains({"H": 16})
    assert clauses(found)[1].sizes.contains({"H": 49})


MODULI = (2, 3, 4, 6, 8, 12)
BOUNDS = st.integers(0, 60)
CONDITIONS = st.one_of(
    st.builds(is_, st.just(H), st.sampled_from([">=", "<=", "!=", "=="]), BOUNDS),
    st.builds(
        lambda m, s, r, n: rest(H + s, m, r, n % m),
        st.sampled_from(MODULI), BOUNDS, st.sampled_from(["==", "!=", "<", ">="]), BOUNDS,
    ),
    st.builds(
        lambda m, s, n: is_(dims.mul(dims.as_dim(m), dims.floordiv(H + s, m)), "<=", n),
        st.sampled_from(MODULI), BOUNDS, BOUNDS,
    ),
)  # fmt: skip
SOME = st.builds(
    lambda paths, least: either(*paths, least=least),
    st.lists(st.lists(CONDITIONS, min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(0, 1),
)


@given(SOME)
def test_what_is_said_of_any_set_is_true_of_its_numbers_alone(sizes: Sizes) -> None:
    found = sizes.as_set(["H"])
    said_of = clauses(found)
    together = said_of[0].sizes
    for clause in said_of[1:]:
        together = together.intersect(clause.sizes)
    assert together.points.is_equal(found.points)
    text, meaning = formal(found), words(found)
    if "..." in text:
        return  # three patterns one after the other are beyond words
    for n in range(150):
        truth = sizes.holds({"H": n})
        assert reads(text, {"H": n}) == truth, f"{text} at {n}"
        assert said(meaning, n) == truth, f"{meaning} at {n}"


def test_what_is_beyond_words_is_still_exact() -> None:
    sizes = either(
        [rest(H, 1009, "==", 3), is_(H, ">", 1)],
        [rest(H, 1013, "==", 5), is_(H, "<", 10**9)],
        [rest(H, 997, "==", 1), is_(H, ">", 70)],
    )
    found = sizes.as_set(["H"])
    (clause,) = clauses(found)
    assert clause.text.startswith("H in {3, 5, 998, 1012, 1018, 1995, ...}, all of { [H] : ")
    assert clause.words == "3, 5, 998, 1012, 1018, 1995, ..."
    assert clause.sizes.points.is_equal(found.points)


# ---------------------------------------------------------------- several symbols

BOX = [*itertools.product(range(0, 5), range(0, 24), range(0, 24))]
LENET = either(
    *(
        [is_(dims.floordiv(H - 8, 4), "==", f), is_(dims.floordiv(W - 8, 4), "==", 25 // f)]
        for f in (1, 5, 25)
    )
)


def assert_exact_of_all(sizes: Sizes, names: Sequence[str], found: tuple[Part, ...]) -> None:
    held = sizes.as_set(names)
    together = held.anything()
    for part in found:
        for clause in part.clauses:
            together = together.also(clause.sizes)
    assert together.points.is_equal(held.points)
    for values in BOX:
        at = dict(zip(names, values, strict=True))
        truth = all(reads(part.text, at) for part in found)
        assert truth == sizes.holds(at), f"{[part.text for part in found]} at {at}"
        for part in found:
            for clause in part.clauses:
                assert_clause_reads_as_its_sizes(clause, at)


# fmt: off
SEVERAL = [
    (every(rest(H, 16, "==", 0), rest(W, 16, "==", 0)), [
        ("N", "N >= 1", "any"),
        ("H", "H mod 16 = 0 and H >= 16", "a multiple of 16"),
        ("W", "W mod 16 = 0 and W >= 16", "a multiple of 16")]),
    (every(is_(H, "==", W)), [
        ("N", "N >= 1", "any"), ("HW", "H = W and H >= 1", "H = W")]),
    (every(is_(H, "==", W), rest(H, 16, "==", 0)), [
        ("N", "N >= 1", "any"),
        ("HW", "H = W and H mod 16 = 0 and H >= 16", "H = W, both a multiple of 16")]),
    (every(is_(2 * H, "==", W), is_(H, ">=", 5)), [
        ("N", "N >= 1", "any"), ("HW", "W = 2*H and H >= 5", "W = 2*H, H at least 5")]),
    (every(is_(H, "<=", W)), [
        ("N", "N >= 1", "any"), ("HW", "H <= W and H >= 1", "H <= W")]),
    (every(is_(H, "!=", W)), [
        ("N", "N >= 1", "any"), ("HW", "H != W and H >= 1 and W >= 1", "H != W")]),
    (every(is_(H, ">=", 2 * W - 3)), [
        ("N", "N >= 1", "any"), ("HW", "H + 3 >= 2*W and H >= 1 and W >= 1", "H + 3 >= 2*W")]),
    (every(rest(W - H, 2, "==", 0)), [
        ("N", "N >= 1", "any"), ("HW", "(H + W) mod 2 = 0 and H >= 1 and W >= 1", "H + W even")]),
    (every(rest(H - W, 4, "==", 1)), [
        ("N", "N >= 1", "any"),
        ("HW", "(H - W) mod 4 = 1 and H >= 1 and W >= 1", "(H - W) mod 4 = 1")]),
    (every(is_(dims.floordiv(H, 4), "==", dims.floordiv(W, 4))), [
        ("N", "N >= 1", "any"),
        ("HW", "floor(H/4) = floor(W/4) and H >= 1 and W >= 1", "floor(H/4) = floor(W/4)")]),
    (either([is_(H, ">=", 10)], [is_(W, ">=", 10)]), [
        ("N", "N >= 1", "any"),
        ("HW", "(H >= 10 or W >= 10) and H >= 1 and W >= 1", "H at least 10 or W at least 10")]),
    (either([is_(N, ">=", 2)], [is_(H, ">=", 2)], [is_(W, ">=", 2)]), [
        ("NHW", "(N >= 2 or H >= 2 or W >= 2) and N >= 1 and H >= 1 and W >= 1",
         "N at least 2 or H at least 2 or W at least 2")]),
    (either([is_(N, ">=", 2)], [is_(H, ">", W)]), [
        ("NHW", "(N >= 2 or H > W) and N >= 1 and H >= 1 and W >= 1", "N at least 2 or H > W")]),
    (either([is_(H, "==", W)], [is_(W, "==", 2 * H)]), [
        ("N", "N >= 1", "any"),
        ("HW", "(H = W or W = 2*H) and H >= 1", "H = W or W = 2*H")]),
    (either([rest(H, 4, "==", 0), is_(H, "<", W)], [is_(H, "==", 7)]), [
        ("N", "N >= 1", "any"),
        ("HW", "H = 7 and W >= 1, or H < W and H mod 4 = 0 and H >= 4",
         "H = 7, or H < W and H a multiple of 4")]),
    (either([is_(H, ">=", 12)], [is_(W, ">=", 12)]) & (rest(H, 4, "==", 0), rest(W, 4, "==", 0)), [
        ("N", "N >= 1", "any"),
        ("HW", "(H >= 12 or W >= 12) and H mod 4 = 0 and H >= 4 and W mod 4 = 0 and W >= 4",
         "H at least 12 or W at least 12; H and W both a multiple of 4")]),
    (LENET, [
        ("N", "N >= 1", "any"),
        ("HW", "28 <= H <= 31 and 28 <= W <= 31, or 12 <= H <= 15 and 108 <= W <= 111, "
               "or 108 <= H <= 111 and 12 <= W <= 15",
         "H and W both 28 to 31, or H 12 to 15 and W 108 to 111, or H 108 to 111 and W 12 to 15")]),
    (every(is_(N, "==", H), is_(N, "==", W), rest(H, 2, "==", 0)), [
        ("NHW", "N = H and N = W and N mod 2 = 0 and N >= 2", "N = H, N = W, all even")]),
    (every(is_(H, "<", 0)), [
        ("NHW", "no N, H, W at all", "none")]),
]
# fmt: on


@pytest.mark.parametrize(("sizes", "expected"), SEVERAL, ids=[row[1][-1][1] for row in SEVERAL])
def test_parts_are_said_as_people_do(
    sizes: Sizes, expected: Sequence[tuple[str, str, str]]
) -> None:
    found = parts(sizes.as_set("NHW"))
    assert [("".join(p.names), p.text, p.words) for p in found] == expected
    assert_exact_of_all(sizes, "NHW", found)


LINKS = st.one_of(
    st.builds(
        lambda a, b, c, r: is_(H * a, r, W * b + c - 20),
        st.integers(1, 2), st.integers(-1, 2), BOUNDS, st.sampled_from(["==", "<=", ">=", "!="]),
    ),
    st.builds(
        lambda m, s, k: rest(H + k * W + s, m, "==", 0),
        st.sampled_from((2, 3, 4)), BOUNDS, st.integers(-1, 1),
    ),
    st.builds(lambda m, s: is_(dims.floordiv(H, m), ">=", dims.floordiv(W + s, m)),
              st.sampled_from((2, 4)), st.integers(0, 5)),
    st.builds(lambda r, n: is_(N, r, n), st.sampled_from(["==", "<=", ">="]), st.integers(0, 4)),
    CONDITIONS,
)  # fmt: skip


@given(
    st.builds(
        lambda paths: either(*paths),
        st.lists(st.lists(LINKS, min_size=1, max_size=3), min_size=1, max_size=3),
    )
)
def test_parts_are_true_of_the_sizes_of_any_set_alone(sizes: Sizes) -> None:
    held = sizes.as_set("NHW")
    found = parts(held)
    together = held.anything()
    for clause in (clause for part in found for clause in part.clauses):
        together = together.also(clause.sizes)
    assert together.points.is_equal(held.points)
    texts = [part.text for part in found]
    if any(" more" in text or "[" in text for text in texts):
        return  # too many alternatives to write out
    for values in itertools.product(range(0, 4), range(0, 30, 3), range(0, 30, 4)):
        at = dict(zip("NHW", values, strict=True))
        assert all(reads(text, at) for text in texts) == sizes.holds(at), f"{texts} at {at}"


def test_of_many_alternatives_the_first_are_shown() -> None:
    tokens = (
        [is_(dims.floordiv(H, 16), "==", f), is_(dims.floordiv(W, 16), "==", 400 // f)]
        for f in range(1, 401)
        if 400 % f == 0
    )
    sizes = either(*tokens)
    ((_, both),) = [parts(sizes.as_set("NHW"))]
    assert both.words.startswith("H and W both 320 to 335, or H 16 to 31 and W 6400 to 6415, or ")
    assert both.words.endswith(" and W 400 to 415, or 7 more")
    assert both.clauses[0].sizes.contains({"H": 6410, "W": 20})
    together = both.clauses[0].sizes
    assert together.points.is_equal(sizes.as_set("NHW").onto("HW").points)


def test_independent_pairs_are_parts_of_their_own() -> None:
    a, b, c, d = map(dims.symbol, "abcd")
    sizes = SizeSet.every("abcd").where(is_(a, "==", c)).where(is_(b, "<=", d))
    assert [part.text for part in parts(sizes)] == ["a = c and a >= 1", "b <= d and b >= 1"]


def test_open_conditions_link_symbols_and_stand_as_they_are() -> None:
    condition = is_(H * W + N * H * N, "==", 400)
    sizes = SizeSet(
        ("N", "H", "W"), SizeSet.every("NHW").where(rest(H, 2, "==", 0)).points, [condition]
    )
    (part,) = parts(sizes)
    assert part.names == ("N", "H", "W")
    assert part.clauses[0].sizes.open == (condition,)
    assert part.text == f"{condition} and N >= 1 and H mod 2 = 0 and H >= 2 and W >= 1"
    assert part.words == f"{condition}, H even"


def test_no_symbols_have_no_parts() -> None:
    assert parts(SizeSet.every([])) == ()
