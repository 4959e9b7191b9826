"""How remarks say things: axes, indices and formulas in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

_LINES = {"H": ("row", "rows"), "W": ("column", "columns")}
_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_MOST_RUNS = 6  # stretches of indices


def lines(axis: str, count: int = 2) -> str:
    """Return what the elements along an axis are called.

    >>> lines("H"), lines("W", 1), lines("T")
    ('rows', 'column', 'positions on T')
    """
    one, many = _LINES.get(axis, (f"position on {axis}", f"positions on {axis}"))
    return one if count == 1 else many


def at(axis: str, indices: str, count: int) -> str:
    """Return some elements along an axis.

    >>> at("H", "3..5", 3), at("T", "7", 1)
    ('rows 3..5', 'position 7 on T')
    """
    one, _, rest = lines(axis, 1).partition(" on ")
    return f"{one if count == 1 else one + 's'} {indices}{' on ' + rest if rest else ''}"


def all_lines(axes: Sequence[str], count: int = 2) -> str:
    """Return what the elements along several axes are called.

    >>> all_lines(["H", "W"]), all_lines(["T", "S"])
    ('rows and columns', 'positions on T and S')
    """
    first, *rest = (lines(axis, count) for axis in axes)
    same = first.partition(" on ")[0] + " on "
    return " and ".join([first, *(each.removeprefix(same) for each in rest)])


def by_axes(size: int, axes: Sequence[str]) -> str:
    """Return the size of a window or an image.

    >>> by_axes(7, ["H", "W"]), by_axes(7, ["H"])
    ('7 x 7', '7 rows')
    """
    return several(size, axes[0]) if len(axes) == 1 else " x ".join([str(size)] * len(axes))


def ordinal(number: int) -> str:
    """Return a number as it counts.

    >>> ordinal(2), ordinal(12), ordinal(22)
    ('second', '12th', '22nd')
    """
    if 1 < number < len(_ORDINALS):
        return _ORDINALS[number]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def ranges(indices: Sequence[int]) -> str:
    """Return indices in order as people write them.

    >>> ranges([11, 12, 13, 14]), ranges([0, 2, 4, 6, 8, 10, 12]), ranges([0, 1, 4, 5])
    ('11..14', '0, 2, 4, ..., 12', '0..1, 4..5')
    >>> ranges([])
    'nothing'
    """
    if not indices:
        return "nothing"
    runs = [list(run) for _, run in groupby(enumerate(indices), key=lambda at: at[1] - at[0])]
    texts = [
        str(run[0][1]) if len(run) == 1 else f"{run[0][1]}..{run[-1][1]}"
        for run in runs
    ]  # fmt: skip
    if len(texts) > _MOST_RUNS:
        texts = [*texts[:3], "...", texts[-1]]
    return ", ".join(texts)


def place(stride: Fraction, centre: Fraction) -> str:
    """Return where output i looks: `8*i + 2`.

    >>> place(Fraction(1), Fraction(-1, 2)), place(Fraction(8), Fraction(0))
    ('i - 1/2', '8*i')
    """
    step = "i" if stride == 1 else f"{stride}*i"
    return step if centre == 0 else f"{step} {'-' if centre < 0 else '+'} {abs(centre)}"


def several(count: int, axis: str) -> str:
    """Return a number of elements along an axis.

    >>> several(1, "H"), several(3, "W")
    ('1 row', '3 columns')
    """
    return f"{count} {lines(axis, count)}"


def some(count: int, axis: str) -> str:
    """Return a number of elements after an article: `the row`, `the 3 rows`.

    >>> some(1, "H"), some(3, "W")
    ('row', '3 columns')
    """
    return lines(axis, 1) if count == 1 else several(count, axis)


def remainders(symbol: str, divisor: int, found: Sequence[int]) -> str:
    """Return which remainders a size leaves.

    >>> remainders("H", 4, [1, 2, 3]), remainders("H", 2, [1]), remainders("H", 8, [2, 3, 4])
    ('H mod 4 is not 0', 'H is odd', 'H mod 8 is 2..4')
    """
    if divisor == 2:  # odd and even have names
        return f"{symbol} is {'odd' if found[0] else 'even'}"
    if len(found) == divisor - 1:
        (missing,) = set(range(divisor)) - set(found)
        return f"{symbol} mod {divisor} is not {missing}"
    return f"{symbol} mod {divisor} is {ranges(found)}"


def others(number: int) -> str:
    """Return how often the same happens elsewhere, as the end of a sentence.

    >>> others(2), others(1), others(0)
    ('; the same at 2 more ops', '; the same at 1 more op', '')
    """
    return f"; the same at {number} more op{'' if number == 1 else 's'}" if number else ""


def pixels(number: Fraction | int) -> str:
    """Return a number of pixels.

    >>> pixels(1), pixels(Fraction(1, 2)), pixels(4)
    ('1 pixel', '1/2 pixel', '4 pixels')
    """
    return f"{number} {'pixel' if number <= 1 else 'pixels'}"


def ops(number: int) -> str:
    """Return a number of ops.

    >>> ops(1), ops(3)
    ('1 op', '3 ops')
    """
    return f"{number} {'op' if number == 1 else 'ops'}"
