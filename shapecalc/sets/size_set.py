"""Sets of sizes: which values the symbols of a model can have."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import islpy as isl

from shapecalc.conditions import Condition
from shapecalc.sets.condition_set import condition_set

_SET = isl.dim_type.set
_MANY = 32  # pieces of a set


class SizeSet:
    """The values of some symbols that meet conditions. Never changed.

    What isl can write is held there, and answered by proof. `open` are the conditions that it
    cannot write: a set with some of them is tested at given sizes, and may be empty.

    >>> from shapecalc import dims
    >>> H = dims.symbol("H")
    >>> even = SizeSet.every(["H"]).where(Condition(dims.mod(H, 2), "==", 0))
    >>> even.contains({"H": 6}), even.contains({"H": 7})
    (True, False)
    >>> even.where(Condition(dims.mod(H, 4), "==", 1)).is_empty()
    True
    """

    __slots__ = ("_set", "names", "open")

    def __init__(self, names: Sequence[str], set_: isl.Set, open_: Sequence[Condition]) -> None:
        self.names = tuple(names)
        self.open = tuple(open_)
        self._set = set_

    @classmethod
    def every(cls, names: Sequence[str], least: Mapping[str, int] | None = None) -> SizeSet:
        """Return all sizes of at least 1 element, or of at least what `least` says."""
        bounds = [f"{name} >= {(least or {}).get(name, 1)}" for name in names]
        text = f"{{ [{', '.join(names)}] : {' and '.join(bounds) or 'true'} }}"
        return cls(names, isl.Set(text), ())

    @classmethod
    def none(cls, names: Sequence[str]) -> SizeSet:
        """Return no sizes at all."""
        return cls(names, isl.Set(f"{{ [{', '.join(names)}] : false }}"), ())

    def anything(self) -> SizeSet:
        """Return all values of the same symbols, those below 0 included."""
        return SizeSet(self.names, isl.Set.universe(self._set.get_space()), ())

    @property
    def is_many(self) -> bool:
        """Whether the set has so many pieces that questions of all of them take too long."""
        return int(self._set.n_basic_set()) > _MANY

    def where(self, condition: Condition) -> SizeSet:
        """Return the part of the set that meets a condition."""
        known = condition.known()
        if known is True or condition in self.open:
            return self
        if known is False or condition.negated() in self.open:
            return SizeSet(self.names, isl.Set.empty(self._set.get_space()), ())
        met = condition_set(condition, self._set)
        if met is None:
            return SizeSet(self.names, self._set, (*self.open, condition))
        return SizeSet(self.names, met.coalesce(), self.open)

    @property
    def points(self) -> isl.Set:
        """What isl holds: the set without its open conditions."""
        return self._set

    def is_empty(self) -> bool | None:
        """Tell whether nothing is in the set; None where open conditions leave that undecided."""
        if self._set.is_empty():
            return True
        return None if self.open else False

    def contains(self, sizes: Mapping[str, int]) -> bool:
        """Tell whether the set holds these sizes; symbols that are not named may have any value.

        With open conditions, all symbols that those speak of have to be named.
        """
        return not self.at(sizes)._set.is_empty() and all(c.holds(sizes) for c in self.open)

    def beside(self, sizes: Mapping[str, int], *, larger: bool) -> SizeSet:
        """Return the part of the set where no named size is smaller than given, or larger."""
        found = self._set
        for n, name in enumerate(self.names):
            if name in sizes:
                bound = found.lower_bound_val if larger else found.upper_bound_val
                found = bound(_SET, n, sizes[name])
        return SizeSet(self.names, found, self.open)

    def at(self, sizes: Mapping[str, int]) -> SizeSet:
        """Return the part of the set at given values of some symbols."""
        fixed = self._set
        for n, name in enumerate(self.names):
            if name in sizes:
                fixed = fixed.fix_val(_SET, n, sizes[name])
        return SizeSet(self.names, fixed, self.open)

    # ---------------------------------------------------------------- two sets

    def union(self, other: SizeSet) -> SizeSet:
        """Return the sizes of either set; both have the same open conditions."""
        assert set(self.open) == set(other.open)
        both = self._set.union(other._set)
        if both.n_basic_set() > _MANY:  # which take too long to be put together
            return SizeSet(self.names, both, self.open)
        both = both.coalesce()
        if both.n_basic_set() > 1:
            hull = isl.Set.from_basic_set(both.simple_hull())  # one set, where that is no more
            both = hull if hull.is_subset(both) else both
        return SizeSet(self.names, both, self.open)

    def intersect(self, other: SizeSet) -> SizeSet:
        """Return the sizes of both sets."""
        open_ = dict.fromkeys((*self.open, *other.open))
        return SizeSet(self.names, self._set.intersect(other._set).coalesce(), tuple(open_))

    def minus(self, other: SizeSet) -> SizeSet:
        """Return the sizes that the other set, which has no open conditions, does not hold."""
        assert not other.open
        return SizeSet(self.names, self._set.subtract(other._set).coalesce(), self.open)

    def includes(self, other: SizeSet) -> bool:
        """Tell whether all sizes of another set are in this one, which has no open conditions."""
        assert not self.open
        return bool(other._set.is_subset(self._set))

    def without(self, conditions: Collection[Condition]) -> SizeSet:
        """Return the set without some of its open conditions."""
        return SizeSet(self.names, self._set, [c for c in self.open if c not in conditions])

    def matches(self, other: SizeSet) -> bool:
        """Tell whether two sets are the same, their open conditions aside."""
        return bool(self._set.is_equal(other._set))

    # ---------------------------------------------------------------- fewer symbols

    def onto(self, names: Iterable[str]) -> SizeSet:
        """Return the values that some of the symbols can have, in their order here."""
        assert not self.open
        wanted = set(names)
        kept = [name for name in self.names if name in wanted]
        found = self._set
        for n, name in reversed(list(enumerate(self.names))):
            if name not in kept:
                found = found.project_out(_SET, n, 1)
        return SizeSet(kept, found.coalesce(), ())

    def with_names(self, names: Sequence[str], least: Mapping[str, int] | None = None) -> SizeSet:
        """Return the set among more symbols; the new ones are at least 1, or what `least` says."""
        if tuple(names) == self.names:
            return self
        return SizeSet.every(names, least).also(self)

    def also(self, other: SizeSet) -> SizeSet:
        """Return the sizes whose values for some of the symbols are in the other set."""
        found = other._set
        for n, name in enumerate(self.names):
            if name not in other.names:
                found = found.insert_dims(_SET, n, 1).set_dim_name(_SET, n, name)
        return self.intersect(SizeSet(self.names, found, other.open))

    # ---------------------------------------------------------------- points

    def nearest(self, near: Mapping[str, int]) -> dict[str, int] | None:
        """Return the sizes of the set with the least sum of differences from `near`, or None.

        Of two that are as near, the larger one. Symbols that `near` does not name are free, and
        not in the answer. There may be no open conditions.
        """
        assert not self.open
        names = [name for name in self.names if name in near]
        found = self.onto(names)._set
        if not names or found.is_empty():
            return None
        offsets = [f"{name} - {near[name]}" for name in names]
        # d' is the distance: no symbol is named so
        signs = itertools.product("+-", repeat=len(names))
        bounds = [
            "d' >= 0 " + " ".join(f"{s} ({o})" for s, o in zip(sign, offsets, strict=True))
            for sign in signs
        ]
        order = ", ".join(f"-{name}" for name in names)
        ranked = isl.Map(f"{{ [{', '.join(names)}] -> [d', {order}] : {' and '.join(bounds)} }}")
        best = found.apply(ranked).lexmin().sample_point()
        if best.is_void():  # isl did not see before that nothing is in the set
            return None
        values = [best.get_coordinate_val(_SET, n + 1).to_python() for n in range(len(names))]
        return {name: -value for name, value in zip(names, values, strict=True)}

    def __str__(self) -> str:
        return " and ".join([str(self._set), *map(str, self.open)])
