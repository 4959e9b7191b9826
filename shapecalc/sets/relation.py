"""Integer relations `{ [i, ...] -> [j] }`, held in isl."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import islpy as isl

from shapecalc.dims import Dim
from shapecalc.sets.formula import formula

_IN, _OUT, _SET, _PARAM = (
    isl.dim_type.in_,
    isl.dim_type.out,
    isl.dim_type.set,
    isl.dim_type.param,
)


class Relation:
    """Which indices j an index tuple i is related to. Compared by identity; never changed.

    >>> three = relation("{ [i] -> [j] : i <= j <= i + 2 }")
    >>> five = three.through("{ [i] -> [m] : i <= m <= i + 2 }")
    >>> print(five)
    { [i] -> [j] : i <= j <= 4 + i }
    >>> five.image((10,))
    [10, 11, 12, 13, 14]
    """

    __slots__ = ("_map", "_through", "_united")

    def __init__(self, map_: isl.Map) -> None:
        self._map = map_
        self._through: dict[str, Relation] = {}
        self._united: dict[int, tuple[Relation, Relation]] = {}

    @property
    def rank(self) -> int:
        """How many indices are related to one."""
        return int(self._map.dim(_IN))

    @property
    def parameters(self) -> list[str]:
        """The symbols that the relation depends on."""
        names = (self._map.get_dim_name(_PARAM, n) for n in range(self._map.dim(_PARAM)))
        return [str(name) for n, name in enumerate(names) if self._map.involves_dims(_PARAM, n, 1)]

    def through(self, access: str, within: str = "") -> Relation:
        """Return what is related to the indices that `access` leads to, remembered.

        `within` is a set that the result is kept to.
        """
        key = f"{access}&{within}"
        found = self._through.get(key)
        if found is None:
            map_ = _parsed(access).apply_range(self._map)
            if within:
                map_ = map_.intersect_range(_parsed_set(within))
            found = self._through[key] = Relation(map_.coalesce())
        return found

    def union(self, other: Relation) -> Relation:
        """Return both together; one of the two themselves where it holds the other."""
        if self is other:
            return self
        known = self._united.get(id(other))
        if known is None:
            if other._map.is_subset(self._map):
                found = self
            elif self._map.is_subset(other._map):
                found = other
            else:
                found = Relation(self._map.union(other._map).coalesce())
            # `other` is kept beside the result, so that its identity is not given to another
            known = self._united[id(other)] = (other, found)
        return known[1]

    def holds(self, other: Relation) -> bool:
        """Tell whether all of `other` is in this relation."""
        return bool(other._map.is_subset(self._map))

    def equals(self, other: Relation, context: str) -> bool:
        """Tell whether both relate the same indices for all sizes in `context`."""
        one, two = (map_.intersect_params(_parsed_set(context)) for map_ in (self._map, other._map))
        return bool(one.is_equal(two))

    def on(self, domain: str) -> Relation:
        """Return the part of the relation whose indices are in a set."""
        return Relation(self._map.intersect_domain(_parsed_set(domain)))

    def simplified(self, domain: str) -> Relation:
        """Return a relation that is the same for indices in a set, and shorter; remembered."""
        found = self._through.get(domain)
        if found is None:
            map_ = self._map.gist_domain(_parsed_set(domain)).coalesce()
            found = self._through[domain] = Relation(map_)
        return found

    def involved(self) -> list[int]:
        """Return the positions of the indices that make a difference."""
        return [n for n in range(self.rank) if self._map.involves_dims(_IN, n, 1)]

    def inside(self, sizes: Sequence[int]) -> Relation:
        """Return the part of the relation whose indices are within axes of these sizes."""
        names = [f"i{n}" for n in range(len(sizes))]
        bounds = (f"0 <= {name} < {size}" for name, size in zip(names, sizes, strict=True))
        return self.on(f"{{ [{', '.join(names)}] : {' and '.join(bounds)} }}")

    def within(self, image: str) -> Relation:
        """Return the part of the relation whose results are in a set."""
        return Relation(self._map.intersect_range(_parsed_set(image)).coalesce())

    def at(self, **sizes: int) -> Relation:
        """Return the relation with numbers for symbols."""
        map_ = self._map
        for name, size in sizes.items():
            n = map_.find_dim_by_name(_PARAM, name)
            if n >= 0:
                map_ = map_.fix_val(_PARAM, n, isl.Val(size)).project_out(_PARAM, n, 1)
        return Relation(map_)

    def named(self, names: Sequence[str]) -> Relation:
        """Return the relation with these names for its indices, and j for what they see."""
        key = ",".join(names)
        found = self._through.get(key)
        if found is None:
            map_ = self._map.set_dim_name(_OUT, 0, "j")
            for n, name in enumerate(names):
                map_ = map_.set_dim_name(_IN, n, name)
            found = self._through[key] = Relation(map_)
        return found

    def is_total(self, domain: str) -> bool:
        """Tell whether every index tuple of a set is related to something."""
        return bool(_parsed_set(domain).is_subset(self._map.domain()))

    def is_single(self) -> bool:
        """Tell whether no index tuple is related to more than one j.

        >>> relation("{ [i] -> [j = floor(i/2)] }").is_single()
        True
        """
        return bool(self._map.is_single_valued())

    def is_empty(self) -> bool:
        """Tell whether nothing is related to anything."""
        return bool(self._map.is_empty())

    # ------------------------------------------------------------------ at given indices

    def _image(self, indices: Sequence[int]) -> isl.Set:
        map_ = self._map
        for position, value in enumerate(indices):
            map_ = map_.fix_val(_IN, position, isl.Val(value))
        return map_.range()

    def image(self, indices: Sequence[int]) -> list[int]:
        """Return all j that are related to the indices, in order.

        Raises:
            ValueError: that depends on sizes; `at` gives them numbers.
        """
        if self.parameters:
            raise ValueError(f"what is related depends on {', '.join(self.parameters)}")
        return [point[0] for point in _points(self._image(indices))]

    def sources(self, value: int) -> list[tuple[int, ...]]:
        """Return all index tuples that `value` is related to, in order."""
        return _points(self._map.fix_val(_OUT, 0, isl.Val(value)).domain())

    def interval(self, indices: Sequence[int]) -> tuple[int, int] | None:
        """Return the least and the greatest j; None where there are none, or no end to them."""
        image = self._image(indices)
        if image.is_empty():
            return None
        low, high = image.dim_min_val(0), image.dim_max_val(0)
        return (low.to_python(), high.to_python()) if low.is_int() and high.is_int() else None

    def missing(self, indices: Sequence[int], most: int) -> tuple[int, ...]:
        """Return which numbers between the least and the greatest j are not related, up to `most`.

        Counted from the least.
        """
        found = self.interval(indices)
        if found is None:
            return ()
        low, high = found
        image = self._image(indices)
        full = isl.Set(f"{{ [j] : {low} <= j <= {high} }}")
        rest = full.subtract(_without_parameters(image))
        if rest.is_empty():
            return ()
        return tuple(point[0] - low for point in _points(rest, most))

    def moves(self, by: int, to: int) -> bool:
        """Tell whether index i + `by` is related to what i is, moved by `to`: `rank` is 1."""
        shift = isl.Map(f"{{ [i] -> [i + {by}] }}")
        moved = isl.Map(f"{{ [j] -> [j + {to}] }}")
        return bool(shift.apply_range(self._map).is_equal(self._map.apply_range(moved)))

    def images(self, sets: Sequence[Relation]) -> Relation:
        """Return all that the indices in a product of sets are related to, as one of no index.

        The sets are relations of no index themselves, one for each index.

        >>> window = relation("{ [i] -> [j] : 3i <= j <= 3i + 1 }")
        >>> window.images([relation("{ [] -> [i] : 0 <= i < 2 }")]).image(())
        [0, 1, 3, 4]
        """
        domain = isl.Set("{ [] }")
        for each in sets:
            domain = domain.flat_product(each._map.range())
        return Relation(isl.Map.from_range(self._map.intersect_domain(domain).range().coalesce()))

    def given(self, context: str) -> Relation:
        """Return the relation for the sizes in `context` alone; other symbols are left out."""
        map_ = self._map.intersect_params(_parsed_set(context))
        for n in reversed(range(map_.dim(_PARAM))):
            if str(map_.get_dim_name(_PARAM, n)) not in self.parameters:
                map_ = map_.project_out(_PARAM, n, 1)
        return Relation(map_.coalesce())

    def complement(self, within: Relation) -> Relation:
        """Return what is in `within` and not in this relation."""
        return Relation(within._map.subtract(self._map).coalesce())

    def translates(self, position: int) -> bool:
        """Tell whether one more of an index moves what it is related to by a fixed step."""
        names = [f"i{n}" for n in range(self.rank)]
        zero = [0] * self.rank
        one = [int(n == position) for n in range(self.rank)]
        here, there = self.interval(zero), self.interval(one)
        if here is None or there is None:
            return False
        moved = ", ".join(f"{name} + {by}" for name, by in zip(names, one, strict=True))
        shift = _parsed(f"{{ [{', '.join(names)}] -> [{moved}] }}")
        step = _parsed(f"{{ [j] -> [j + {there[0] - here[0]}] }}")
        return bool(shift.apply_range(self._map).is_equal(self._map.apply_range(step)))

    def ends(self, context: str) -> tuple[Dim, Dim] | None:
        """Return the least and the greatest j over all indices as formulas of the symbols.

        None where these are several formulas, or have no bound.
        """
        image = self._map.range().intersect_params(_parsed_set(context))
        if image.is_empty() or not image.dim_is_bounded(_SET, 0):
            return None
        given = image.params()
        low, high = image.dim_min(0), image.dim_max(0)
        ends = [formula(end.gist(given).coalesce()) for end in (low, high)]
        return None if None in ends else (ends[0], ends[1])

    def __str__(self) -> str:
        return str(self._map)

    def __repr__(self) -> str:
        return f"<Relation {self._map}>"


def relation(text: str) -> Relation:
    """Return the relation written in isl's language."""
    return Relation(_parsed(text))


def united(relations: Sequence[Relation]) -> Relation:
    """Return several relations as one."""
    map_ = relations[0]._map
    for other in relations[1:]:
        map_ = map_.union(other._map)
    return Relation(map_.coalesce())


@lru_cache(1 << 14)
def _parsed(text: str) -> isl.Map:
    return isl.Map(text)


@lru_cache(1 << 12)
def _parsed_set(text: str) -> isl.Set:
    return isl.Set(text)


def _without_parameters(set_: isl.Set) -> isl.Set:
    return set_.project_out(_PARAM, 0, set_.dim(_PARAM))


def _points(set_: isl.Set, most: int | None = None) -> list[tuple[int, ...]]:
    found = list[tuple[int, ...]]()

    def add(point: isl.Point) -> None:
        if most is None or len(found) < most:
            rank = set_.dim(_SET)
            found.append(tuple(point.get_coordinate_val(_SET, n).to_python() for n in range(rank)))

    _without_parameters(set_).foreach_point(add)
    return sorted(found)
