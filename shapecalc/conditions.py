"""What has to hold for a formula: conditions on sizes, and the path that a trace takes.

A rule asks two kinds of question. `require` says what an op needs; `decide` asks which of two
rules applies. Where the answer is the same for all sizes nothing is written down. Where it is
not, the answer at the path's hint is taken and the condition is recorded, so that a formula is
never wider than the sizes it was derived for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product
from typing import Literal, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim, IntoDim
from shapecalc.errors import DataDependentError, DimMismatchError, ShapeError, SizeError

_WAYS = 64  # combinations of sizes in doubt that are looked at

Relation: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

_OPPOSITE: dict[Relation, Relation] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of two sizes.

    >>> H = dims.symbol("H")
    >>> print(Condition(dims.mod(H, 32), "==", 0))
    H mod 32 = 0
    >>> Condition(H, ">=", 1).known()
    True
    """

    left: Dim
    relation: Relation
    right: Dim

    def __post_init__(self) -> None:
        object.__setattr__(self, "left", dims.as_dim(self.left))
        object.__setattr__(self, "right", dims.as_dim(self.right))

    def negated(self) -> Condition:
        """Return the condition that holds exactly where this one does not."""
        return Condition(self.left, _OPPOSITE[self.relation], self.right)

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Tell whether the condition holds at `sizes`, by symbol name.

        Neither a condition nor its contrary holds where a size divides by 0.
        """
        try:
            left, right = dims.evaluate(self.left, sizes), dims.evaluate(self.right, sizes)
        except ZeroDivisionError:
            return False
        return _compare(left, self.relation, right)

    def known(self) -> bool | None:
        """Return what the condition is for all sizes, or None where that depends on the sizes."""
        return _known(self)

    @property
    def symbols(self) -> tuple[Dim, ...]:
        """The symbols that the condition speaks of."""
        return dims.symbols_of((self.left, self.right))

    def __str__(self) -> str:
        return _text(self)


def _compare(left: int, relation: Relation, right: int) -> bool:
    match relation:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right


@lru_cache(1 << 16)
def _known(condition: Condition) -> bool | None:
    gap = dims.expand(condition.left - condition.right)
    number = dims.as_int(gap)
    if number is not None:
        return _compare(number, condition.relation, 0)
    if condition.relation in ("==", "!=") and dims.never_zero(gap):
        return condition.relation == "!="
    lowest, highest = dims.lower_bound(gap), dims.lower_bound(-gap)
    above = lowest is not None and lowest > 0
    below = highest is not None and highest > 0
    match condition.relation:
        case "==" | "!=":
            if lowest is not None and highest is not None and lowest >= 0 and highest >= 0:
                return condition.relation == "=="  # the gap lies between 0 and 0
            return condition.relation == "!=" if above or below else None
        case ">=" | "<":
            if lowest is not None and lowest >= 0:
                return condition.relation == ">="
            return condition.relation == "<" if below else None
        case ">" | "<=":
            if highest is not None and highest >= 0:
                return condition.relation == "<="
            return condition.relation == ">" if above else None


_SIGNS: dict[Relation, str] = {"==": "=", "!=": "!="}


def _text(condition: Condition) -> str:
    left, right = condition.left, condition.right
    sign = _SIGNS.get(condition.relation, condition.relation)
    remainder = dims.as_remainder(left)
    if remainder is None and sign in ("=", "!="):
        remainder, right = dims.as_remainder(dims.expand(left - right)), dims.ZERO
    if remainder is not None:
        return f"{dims.format_dim(remainder[0])} mod {remainder[1]} {sign} {dims.format_dim(right)}"
    return f"{dims.format_dim(left)} {sign} {dims.format_dim(condition.right)}"


@dataclass(frozen=True, slots=True)
class Assumption:
    """A condition that a formula rests on.

    A `requirement` is what an op needs; where it fails, torch raises. A `branch` is a choice
    between two rules or two paths of the model's code; where it fails, other formulas hold.
    """

    condition: Condition
    kind: Literal["requirement", "branch"]
    why: str


class Hint(dict[str, int]):
    """A size for every symbol; symbols that were not named get sizes apart from each other.

    `data` names the symbols whose size depends on data: no number says what they are. `either`
    are the sizes that one of them may have, where a mistake leaves open which is meant. `pin` says
    what number is to be taken for one, where there has to be a number: who traces sets it.
    """

    pin: Callable[[Dim], int] | None = None

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__(sizes or {})
        self.data: set[str] = set()
        self.either: dict[str, tuple[int, ...]] = {}

    def __missing__(self, name: str) -> int:
        self[name] = 211 + sum(ord(letter) * 7**n for n, letter in enumerate(name)) % 1009
        return self[name]


@dataclass(slots=True)
class Path:
    """The choices made at a hint, in order.

    With a list of `mistakes`, what a rule demands in vain is written down there, and the rule goes
    on as if it were met.
    """

    hint: Mapping[str, int] = field(default_factory=Hint)
    assumptions: list[Assumption] = field(default_factory=list)
    mistakes: list[ShapeError] | None = None

    def refuse(self, error: ShapeError) -> None:
        """Raise a mistake, or write it down where the path goes on after mistakes."""
        if self.mistakes is None:
            raise error
        self.mistakes.append(error)

    def record(self, assumption: Assumption) -> None:
        """Write an assumption down, once."""
        if assumption not in self.assumptions:
            self.assumptions.append(assumption)


_path: ContextVar[Path | None] = ContextVar("path", default=None)


@contextmanager
def following(path: Path) -> Iterator[Path]:
    """Let `decide` and `require` take the choices of `path` and write them down there.

    What was chosen before an exception was chosen on the path around, too: there it is known for
    which sizes the exception comes.
    """
    around = _path.get()
    token = _path.set(path)
    try:
        yield path
    except BaseException:
        if around is not None:
            for assumption in path.assumptions:
                around.record(assumption)
        raise
    finally:
        _path.reset(token)


def decide(left: IntoDim, relation: Relation, right: IntoDim, why: str = "") -> bool:
    """Return whether a comparison holds, at the hint where that depends on the sizes."""
    condition = Condition(left, relation, right)
    answer = condition.known()
    if answer is not None:
        return answer
    path = _path.get() or Path()
    answer = condition.holds(path.hint)
    taken = condition if answer else condition.negated()
    path.record(Assumption(taken, "branch", why))
    return answer


def at_hint(size: Dim) -> int:
    """Return what `size` is at the path's hint, to choose a question by; nothing is recorded."""
    return dims.evaluate(size, (_path.get() or Path()).hint)


def depends_on_data(*sizes: Dim) -> bool:
    """Tell whether a size hangs on data, so that the hint's number for it means nothing."""
    hint = (_path.get() or Path()).hint
    names = set(map(str, dims.symbols_of(sizes)))
    return isinstance(hint, Hint) and not hint.data.isdisjoint(names)


def _fails_anyway(condition: Condition) -> bool:
    """Tell whether a condition on sizes in doubt fails whichever of the possible ones is meant."""
    hint = (_path.get() or Path()).hint
    names = [str(s) for s in condition.symbols]
    if not isinstance(hint, Hint) or not all(n in hint.either for n in names if n in hint.data):
        return False
    open_ = [n for n in names if n in hint.either]
    ways = islice(product(*(hint.either[n] for n in open_)), _WAYS)
    return not any(condition.holds({**hint, **dict(zip(open_, way, strict=True))}) for way in ways)


def choose(size: IntoDim, why: str = "") -> int:
    """Return the number that `size` is at the path's hint, where a count has to be a number.

    Raises:
        DataDependentError: the size depends on data.
    """
    size = dims.as_dim(size)
    number = dims.as_int(size)
    if number is None:
        path = _path.get() or Path()
        number = _pinned(size, why) if depends_on_data(size) else dims.evaluate(size, path.hint)
        path.record(Assumption(Condition(size, "==", number), "branch", why))
    return number


def choose_pieces(size: Dim, length: Dim, why: str = "") -> int:
    """Return how many pieces of `length` elements cover `size`, as `choose` does, at least 1.

    What is recorded is where this number holds: (count - 1)*length < size <= count*length.

    Raises:
        DataDependentError: the size depends on data, and the length does not.
    """
    pieces = dims.as_int(dims.ceildiv(size, length))
    if pieces is None:
        if depends_on_data(size) and not depends_on_data(length):
            _pinned(size, why)
        pieces = -(-at_hint(size) // at_hint(length))
    pieces = max(pieces, 1)
    decide(size, "<=", dims.mul(dims.as_dim(pieces), length), why)
    if pieces > 1:
        decide(size, ">", dims.mul(dims.as_dim(pieces - 1), length), why)
    return pieces


def _pinned(size: Dim, why: str) -> int:
    """Return the number that is taken for a size of data."""
    hint = (_path.get() or Path()).hint
    if not isinstance(hint, Hint) or hint.pin is None:
        text = dims.format_dim(size)
        raise DataDependentError(f"{why} needs the value of {text}, which depends on data")
    return hint.pin(size)


def smaller(left: Dim, right: Dim) -> Dim:
    """Return the smaller of two sizes, on the path on which it is the smaller one."""
    if depends_on_data(left, right):
        return dims.minimum(dims.as_dim(left), dims.as_dim(right))
    return left if decide(left, "<=", right) else right


def larger(left: Dim, right: Dim) -> Dim:
    """Return the larger of two sizes, on the path on which it is the larger one."""
    if depends_on_data(left, right):
        return dims.maximum(dims.as_dim(left), dims.as_dim(right))
    return left if decide(left, ">=", right) else right


def require(
    left: IntoDim,
    relation: Relation,
    right: IntoDim,
    message: str,
    *,
    fix: str | None = None,
    error: type[ShapeError] = SizeError,
) -> None:
    """Demand a comparison of two sizes, or raise `error` with `message`."""
    condition = Condition(left, relation, right)
    answer = condition.known()
    path = _path.get() or Path()
    if answer is None:
        # what is demanded of sizes that depend on data is taken for granted
        data = depends_on_data(*condition.symbols)
        if _fails_anyway(condition) if data else not condition.holds(path.hint):
            # other sizes go on from here, and so does code that catches the error
            path.record(Assumption(condition.negated(), "branch", message))
            path.refuse(error(message, fix=fix, condition=condition, demand=condition))
        else:
            path.record(Assumption(condition, "requirement", message))
    elif not answer:
        path.refuse(error(message, fix=fix, demand=condition))


def require_same(got: IntoDim, expected: IntoDim, what: str, *, fix: str | None = None) -> None:
    """Demand that two sizes agree.

    >>> require_same(32, 64, "input channels")
    Traceback (most recent call last):
    shapecalc.errors.DimMismatchError: expected input channels 64, got 32
    """
    got, expected = dims.as_dim(got), dims.as_dim(expected)
    if got == expected:
        return
    message = f"expected {what} {dims.format_dim(expected)}, got {dims.format_dim(got)}"
    require(got, "==", expected, message, fix=fix, error=DimMismatchError)


def require_positive(size: IntoDim, what: str) -> None:
    """Demand a size of at least 1."""
    size = dims.as_dim(size)
    text = dims.format_dim(size)
    require(size, ">=", 1, f"{what} is {text}, which has to be at least 1")


def require_element(size: IntoDim, asked: Iterable[Dim], what: str) -> None:
    """Demand a size of at least 1, but where one of `asked` is 0, so that nothing is asked for."""
    if not Condition(size, ">=", 1).known() and all(decide(n, ">", 0, what) for n in asked):
        require_positive(size, what)
