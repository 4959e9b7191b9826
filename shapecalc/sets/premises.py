"""What follows from conditions, as far as isl can write them."""

from __future__ import annotations

from collections.abc import Iterable

import islpy as isl

from shapecalc.conditions import Condition
from shapecalc.sets.text import isl_condition


def context(conditions: Iterable[Condition]) -> str:
    """Return the sizes that meet conditions, as far as isl can write them, in its language.

    >>> from shapecalc import dims
    >>> context([Condition(dims.symbol("H"), ">=", 7)])
    '[H] -> { : H >= 1 and H >= 7 }'
    """
    known = [c for c in conditions if isl_condition(c, {}) is not None]
    names = sorted({str(s) for c in known for s in c.symbols})
    texts = [*(f"{name} >= 1" for name in names), *(str(isl_condition(c, {})) for c in known)]
    return f"[{', '.join(names)}] -> {{ : {' and '.join(texts) or 'true'} }}"


def follows(condition: Condition, conditions: Iterable[Condition]) -> bool:
    """Tell whether a condition is a consequence of others, as far as isl can write them.

    >>> from shapecalc import dims
    >>> H = dims.symbol("H")
    >>> follows(Condition(H, "==", 7 * dims.floordiv(H, 7)), [Condition(dims.mod(H, 7), "==", 0)])
    True
    """
    contrary = isl_condition(condition.negated(), {})
    if condition.known() is not None or contrary is None:
        return condition.known() is True
    known = [c for c in conditions if isl_condition(c, {}) is not None]
    names = sorted({str(s) for c in (condition, *known) for s in c.symbols})
    texts = [*(f"{name} >= 1" for name in names), *(str(isl_condition(c, {})) for c in known)]
    head = f"[{', '.join(names)}]"
    return bool(isl.Set(f"{{ {head} : {' and '.join([contrary, *texts])} }}").is_empty())
