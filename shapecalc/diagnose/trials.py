"""Which repairs repair: a model is traced again with changes, and what is left is counted.

A trace costs as much as an analysis, so that changes are tried together where they can be: the
first that every finding proposes, then the second, and so on. Where all of them together leave no
mistake, each has done its part. Where they do not, each is tried alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shapecalc.diagnose.edits import Candidate, Feed, Rebuild, Reshaped
from shapecalc.diagnose.subject import Subject

_TRIES = 12  # traces for all findings together
_EFFORT = 500  # calls of ops that are traced for each finding, but for the first two traces

# traces with changes through all mistakes, or only up to the first; None where they are refused
After = Callable[[Sequence[Candidate], bool], Subject | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The changes that a finding proposes, and the group of findings that share its root."""

    layer: str
    group: int
    candidates: tuple[Candidate, ...]

    def own_first(self) -> Wanted:
        """Return the same with changes to the layer itself before changes to others."""
        own = [c for c in self.candidates if getattr(c, "layer", "") == self.layer]
        rest = [c for c in self.candidates if c not in own]
        return replace(self, candidates=(*own, *rest))

    @property
    def inside(self) -> tuple[Candidate, ...]:
        """The changes to the model, which can be made beside those of other findings."""
        return tuple(c for c in self.candidates if not isinstance(c, (Feed, Reshaped)))


@dataclass(slots=True)
class Trials:
    """The changes that were tried for a model so far."""

    before: Subject
    after: After
    most: int = _TRIES
    tries: int = 0
    said: dict[Hashable, str] = field(default_factory=dict)  # by the keys of changes that repair
    gone: dict[Hashable, set[str]] = field(default_factory=dict)  # the layers that each repairs

    def left_after(self, changes: Sequence[Candidate], *, recover: bool = True) -> Subject | None:
        """Trace the model with changes; None where they cannot be made, or enough was tried."""
        if self.tries >= self.most:
            return None
        self.tries += 1
        return self.after(changes, recover)

    def repairs(self, wanted: Sequence[Wanted]) -> Mapping[Hashable, str]:
        """Return what the traces say of the changes that repair something, by their keys."""
        layers = max(len(self.before.graph.layers), 1)
        self.most = min(_TRIES, 2 + _EFFORT // (layers * max(len(wanted), 1)))
        together = self._together(wanted)
        if not together:
            self.most = _TRIES
            self._one_by_one(wanted)
        alone = [c for each in wanted for c in each.candidates if not together or _feeds(c)]
        for candidate in alone:
            if key(candidate) not in self.said:
                self._try_alone(candidate)
        return self.said

    def groups(self, wanted: Sequence[Wanted]) -> list[int]:
        """Return the group of each finding: what one change repairs has one root."""
        group = [each.group for each in wanted]
        for said in self.said:
            one = [
                number
                for number, each in enumerate(wanted)
                if each.layer in self.gone.get(said, ()) or said in list(map(key, each.candidates))
            ]
            joined = {group[number] for number in one}
            group = [min(joined) if g in joined else g for g in group]
        return group

    def _together(self, wanted: Sequence[Wanted]) -> bool:
        """Try the changes of all findings together; tell whether the first of each repair all."""
        if not wanted or not all(each.inside for each in wanted):
            return False
        firsts = _combined(wanted, 0)
        if not self._accept(firsts, firsts):
            wanted = [each.own_first() for each in wanted]
            owns = _combined(wanted, 0)
            if set(map(key, owns)) == set(map(key, firsts)):
                return False
            if not self._accept(owns, owns):
                return False
        for rank in range(1, max(len(each.inside) for each in wanted)):
            new = [c for each in wanted for c in each.inside[rank : rank + 1]]
            new = list({key(c): c for c in new if key(c) not in self.said}.values())
            if new and not self._accept(_combined(wanted, rank), new):
                for candidate in new if len(new) > 1 else ():
                    self._accept(_combined(wanted, rank, candidate), [candidate])
        return True

    def _one_by_one(self, wanted: Sequence[Wanted]) -> None:
        """Repair one finding after the other: later ones may be gone with the first.

        Of the changes that a finding proposes, the one that repairs most is made.
        """
        made: list[Candidate] = []
        left = sites(self.before)
        for each in wanted:
            best: tuple[Candidate, set[str]] | None = None
            for candidate in each.inside if each.layer in left else ():
                after = self.left_after([*made, candidate])
                now = left if after is None else sites(after)
                if each.layer in now or len(now) >= len(left):
                    continue
                others = ", once what comes before is repaired" if made else ""
                count = f"{len(now)} of {len(sites(self.before))} mistakes are left"
                self.said[key(candidate)] = (count if now else "no mistake is left") + others
                self.gone[key(candidate)] = left - now
                if best is None or len(now) < len(best[1]):
                    best = candidate, now
                if not now:
                    break
            if best is not None:
                made, left = [*made, best[0]], best[1]

    def _accept(self, made: Sequence[Candidate], new: Sequence[Candidate]) -> bool:
        """Try changes together; where no mistake is left, all `new` ones repair."""
        after = self.left_after(made, recover=False)  # the first mistake says no
        if after is None or sites(after):
            return False
        others = "" if len(made) == 1 else ", once the others are repaired"
        for candidate in new:
            self.said.setdefault(key(candidate), "no mistake is left" + others)
        return True

    def _try_alone(self, candidate: Candidate) -> None:
        after = self.left_after([candidate])
        if after is None:
            return
        left, before = sites(after), sites(self.before)
        if len(after.graph.mistakes) < len(self.before.graph.mistakes):
            count = f"{len(left)} of {len(before)} mistakes are left"
            self.said[key(candidate)] = count if left else "no mistake is left"
            self.gone[key(candidate)] = before - left


def sites(subject: Subject) -> set[str]:
    """Return the layers that do not fit."""
    return {finding.layer for finding in subject.graph.mistakes}


def _feeds(candidate: Candidate) -> bool:
    return isinstance(candidate, (Feed, Reshaped))


def _combined(
    wanted: Sequence[Wanted], rank: int, only: Candidate | None = None
) -> list[Candidate]:
    """Return one change of each finding: that of a rank where it has so many, else its first.

    With `only`, that change stands in its group, and everywhere else the first.
    """
    made: dict[Hashable, Candidate] = {}
    for each in wanted:
        if not each.inside:
            continue
        chosen = each.inside[rank] if rank < len(each.inside) else each.inside[0]
        if only is not None:
            chosen = next((c for c in each.inside if key(c) == key(only)), each.inside[0])
        made.setdefault(_place(chosen), chosen)
    return list(made.values())


def _place(candidate: Candidate) -> Hashable:
    """Return what a change is made to: of two changes there, only one can be made."""
    if isinstance(candidate, Rebuild):
        return ("rebuild", candidate.layer, candidate.argument)
    return key(candidate)[:2]


def key(candidate: Candidate) -> tuple[Hashable, ...]:
    """Return what tells a change from others."""
    return tuple(_key(candidate))


def _key(candidate: Candidate) -> Iterator[Hashable]:
    yield type(candidate).__name__
    match candidate:
        case Rebuild(layer=layer, argument=argument, value=value):
            yield from (layer, argument, str(value))
        case Feed(sizes=sizes):
            yield tuple(sorted(sizes.items()))
        case Reshaped(shapes=shapes):
            yield tuple(sorted((name, tuple(map(str, sizes))) for name, sizes in shapes.items()))
        case other:  # a call that is written differently
            yield from (other.index, other.text)
