"""What conditions on sizes come to, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import islpy as isl
import sympy
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.sets.text import isl_condition, isl_text


def context(conditions: Iterable[Condition]) -> str:
    """Return the sizes that meet conditions, as far as isl can write them, in its language.

    >>> context([Condition(dims.symbol("H"), ">=", 7)])
    '[H] -> { : H >= 1 and H >= 7 }'
    """
    known = [c for c in conditions if isl_condition(c, {}) is not None]
    names = sorted({str(s) for c in known for s in c.symbols})
    texts = [*(f"{name} >= 1" for name in names), *(str(isl_condition(c, {})) for c in known)]
    return f"[{', '.join(names)}] -> {{ : {' and '.join(texts) or 'true'} }}"


def follows(condition: Condition, conditions: Iterable[Condition]) -> bool:
    """Tell whether a condition is a consequence of others, as far as isl can write them.

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


# ---------------------------------------------------------------------------- descriptions


def describe(conditions: Iterable[Condition]) -> list[str]:
    """Return what a list of conditions comes to, as people say it.

    Conditions on one symbol become a bound, a multiple or a few ranges; the others stay as they
    are, without those that the rest implies.

    >>> H = dims.symbol("H")
    >>> describe([Condition(H, ">=", 7), Condition(dims.floordiv(H, 2), ">=", 4)])
    ['H >= 8']
    >>> describe([Condition(dims.mod(H, 4), "==", 0), Condition(dims.mod(H, 8), "==", 0)])
    ['H mod 8 = 0']
    """
    alone: dict[str, list[Condition]] = {}
    together: list[Condition] = []
    for condition in dict.fromkeys(conditions):
        names = [str(s) for s in condition.symbols]
        if len(names) == 1 and isl_condition(condition, {}) is not None:
            alone.setdefault(names[0], []).append(condition)
        else:
            together.append(condition)
    texts = [text for name, group in sorted(alone.items()) for text in _of_one(name, group)]
    context = [condition for group in alone.values() for condition in group]
    together = [_at(condition, _constants(condition, alone)) for condition in together]
    from_low = {dims.symbol(name): _from_lowest(name, group) for name, group in alone.items()}
    reduced = (
        _reduced(condition)
        for condition in together
        if not condition.known() and not _at(condition, from_low).known()
    )
    open_ = list(dict.fromkeys(reduced))
    return texts + [str(condition) for condition in _independent(open_, context)]


def _constants(condition: Condition, alone: Mapping[str, Sequence[Condition]]) -> dict[Dim, Dim]:
    """Return the symbols and floors of a condition that the others leave no choice, as numbers."""
    found: dict[Dim, Dim] = {}
    atoms = condition.left.atoms(sympy.Symbol, floor) | condition.right.atoms(sympy.Symbol, floor)
    for atom in atoms:
        (name, *more) = (str(symbol) for symbol in atom.free_symbols)
        text = isl_text(atom, {})
        if more or name not in alone or text is None:
            continue
        known = " and ".join(str(isl_condition(other, {})) for other in alone[name])
        values = isl.Set(f"{{ [v] : exists {name} : {name} >= 1 and {known} and v = {text} }}")
        if values.is_singleton():
            value = values.sample_point().get_coordinate_val(isl.dim_type.set, 0)
            found[atom] = dims.as_dim(value.to_python())
    return found


def _from_lowest(name: str, conditions: Sequence[Condition]) -> Dim:
    """Return a symbol counted from its least value: H >= 3 becomes H + 2 for H >= 1."""
    known = " and ".join(str(isl_condition(other, {})) for other in conditions)
    accepted = isl.Set(f"{{ [{name}] : {name} >= 1 and {known} }}")
    low = 1 if accepted.is_empty() else accepted.dim_min_val(0).to_python()
    return dims.symbol(name) + low - 1


def _at(condition: Condition, fixed: Mapping[Dim, Dim]) -> Condition:
    """Return a condition with numbers for some symbols and floors."""
    left, right = (dims.expand(side.xreplace(fixed)) for side in (condition.left, condition.right))
    return Condition(left, condition.relation, right)


def _reduced(condition: Condition) -> Condition:
    """Return a condition in its shortest form: as a product, or with its constant on the right."""
    left, right = condition.left, condition.right
    for one, other in ((left, right), (right, left)):
        if other.is_Integer and condition.relation in ("==", "!="):
            number, product = sympy.factor(one).as_coeff_Mul()
            if product.is_Mul and other % number == 0:
                return Condition(product, condition.relation, other / number)
    constant, terms = dims.expand(left - right).as_coeff_add()
    if constant != 0 and terms:
        left, right = sympy.Add(*terms), -constant
        if condition.relation in ("==", "!=") and terms[0].as_coeff_Mul()[0] < 0:
            left, right = -left, -right
        whole = sympy.gcd(left.as_content_primitive()[0], right)
        return Condition(left / whole, condition.relation, right / whole)
    if left.is_Add or right.is_Add or not (left.free_symbols and right.free_symbols):
        return condition
    common = sympy.gcd(left, right)
    _, rest = common.as_coeff_Mul()
    if common == 1 or not (rest == 1 or all(f.is_Symbol for f in sympy.Mul.make_args(rest))):
        return condition
    return Condition(left / common, condition.relation, right / common)


def _of_one(name: str, conditions: Sequence[Condition]) -> list[str]:
    texts = [isl_condition(condition, {}) for condition in conditions]
    accepted = isl.Set(f"{{ [{name}] : {name} >= 1 and {' and '.join(map(str, texts))} }}")
    if accepted.is_empty():
        return [f"no {name} at all"]
    low = accepted.dim_min_val(0).to_python()
    rest = accepted.intersect(isl.Set(f"{{ [{name}] : {name} > {low} }}"))
    if rest.is_empty():
        return [f"{name} = {low}"]
    step = rest.dim_min_val(0).to_python() - low
    regular = isl.Set(f"{{ [{name}] : {name} >= {low} and ({name} - {low}) mod {step} = 0 }}")
    if accepted.is_equal(regular):
        return _regular(name, low, step)
    high = accepted.dim_max_val(0)
    if high.is_int():
        regular = regular.intersect(isl.Set(f"{{ [{name}] : {name} <= {high} }}"))
        if accepted.is_equal(regular):
            return [*_regular(name, low, step), f"{name} <= {high}"]
    return [str(condition) for condition in _independent(conditions, [])]


def _regular(name: str, low: int, step: int) -> list[str]:
    bound = [f"{name} >= {low}"] if low > step or (step == 1 and low > 1) else []
    return [f"{name} mod {step} = {low % step}", *bound] if step > 1 else bound


def _independent(conditions: Sequence[Condition], context: Sequence[Condition]) -> list[Condition]:
    """Return the conditions that do not follow from the context and those before them."""
    names = sorted({str(s) for c in (*conditions, *context) for s in c.symbols})
    head = f"[{', '.join(names)}]"
    bounds = [f"{name} >= 1" for name in names]
    known = [text for c in context if (text := isl_condition(c, {}))]
    kept: list[Condition] = []
    universe = isl.Set(f"{{ {head} : {' and '.join(bounds + known) or 'true'} }}")
    for condition in conditions:
        text = isl_condition(condition, {})
        if text is not None:
            here = isl.Set(f"{{ {head} : {text} }}")
            if universe.is_subset(here):
                continue
            universe = universe.intersect(here)
        kept.append(condition)
    return kept
