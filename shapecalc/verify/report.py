"""What a verification found, and how it is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the real model did otherwise than predicted."""

    sizes: str
    layer: str
    predicted: str
    observed: str

    def __str__(self) -> str:
        where = self.layer or "the model"
        return f"{where} at {self.sizes}: predicted {self.predicted}, observed {self.observed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One forward pass of the real model beside its prediction.

    `accepted` says whether the real model took these sizes, `compared` whether the prediction
    did so, too.
    """

    sizes: Mapping[str, int]
    accepted: bool
    compared: bool = False
    module_calls: int = 0
    op_outputs: int = 0
    not_compared: int = 0
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The sizes as they are written: `N=2, H=97, W=64`."""
        return sizes_text(self.sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """Outputs of an op on which a real change of the input has another effect than predicted.

    Output element `output`, which has an index for each axis along which the field moves, is the
    first of `count` such pairs of an output element and an index on the input's axis. `seen` says
    that the real model sees index `index` there, which the field denies; otherwise it computes
    the output without it, although the field claims it. `predicted` are the indices of the field.
    """

    sizes: str
    layer: str
    input: str
    axis: str
    output: tuple[int, ...]
    index: int
    seen: bool
    predicted: tuple[int, ...]
    count: int = 1

    def counting(self, more: int) -> FieldDifference:
        """Return the difference with so many pairs more."""
        return replace(self, count=self.count + more)

    def __str__(self) -> str:
        which = ", ".join(map(str, self.output))
        output = f"output {which}" if len(self.output) == 1 else f"output ({which})"
        does = "sees" if self.seen else "does not see"
        more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
        return (
            f"{self.layer} at {self.sizes}: {output if self.output else 'every output'} {does} "
            f"index {self.index} on axis {self.axis} of {self.input}, "
            f"predicted {_window(self.predicted)}{more}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRun:
    """Receptive fields beside what really reaches the outputs, at one choice of sizes.

    Each of `slices` slices of the input, which are all elements with one index on one axis, was
    changed, to see which of the `outputs` elements of `ops` ops change with it; there was no time
    for `left_out` others. `not_seen` reads are predicted and do not show, because their effect
    is smaller than rounding or cut off on the way; they are no difference. `unknown` fields were
    not compared. `error` is what the real model raised, if it did.
    """

    sizes: Mapping[str, int]
    ops: int = 0
    outputs: int = 0
    slices: int = 0
    left_out: int = 0
    not_seen: int = 0
    unknown: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def text(self) -> str:
        """The sizes as they are written: `N=1, H=97, W=64`."""
        return sizes_text(self.sizes)

    def __str__(self) -> str:
        if self.error:
            return f"not compared: {self.error}"
        parts = [_probed(self) if self.ops else "nothing to compare"]
        if self.left_out:
            parts.append(f"no time for {self.left_out:,} others")
        if self.not_seen:
            parts.append(f"{counted(self.not_seen, 'read')} not seen")
        if self.unknown:
            parts.append(f"{counted(self.unknown, 'field')} unknown")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The outcome of a comparison; false when anything differs or nothing was compared."""

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...]
    field_runs: tuple[FieldRun, ...] = ()
    field_differences: tuple[FieldDifference, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.runs) and not self.differences and not self.field_differences

    @property
    def sizes(self) -> tuple[Mapping[str, int], ...]:
        """The sizes that were run."""
        return tuple(run.sizes for run in self.runs)

    @property
    def calls_compared(self) -> int:
        """How many module calls were compared, over all sizes."""
        return sum(run.module_calls for run in self.runs)

    @property
    def layers_compared(self) -> int:
        """How many op outputs were compared, over all sizes."""
        return sum(run.op_outputs for run in self.runs)

    @property
    def seconds(self) -> float:
        """How long the forward passes took."""
        return sum(run.seconds for run in self.runs)

    @property
    def reads_not_seen(self) -> int:
        """How many reads are predicted and too faint to show, over all sizes."""
        return sum(run.not_seen for run in self.field_runs)

    def __str__(self) -> str:
        lines = [self._verdict()]
        for run in self.runs:
            different = any(difference.sizes == run.text for difference in self.differences)
            if run.compared:
                done = f"{_compared(run.module_calls, run.op_outputs)} compared"
                if run.not_compared:
                    done += f", {run.not_compared} not compared"
            else:
                done = "accepted" if run.accepted else "rejected"
                done += "" if different else ", as predicted"
            done += ", DIFFERENT" if different else ""
            lines.append(f"  {run.text}: {done} ({run.seconds:.2f} s)")
        lines += _shown(self.differences)
        if self.field_runs:
            lines += [self._field_verdict(), *self._fields()]
        lines += _shown(self.field_differences)
        if self.reads_not_seen:
            lines.append(_NOT_SEEN)
        return "\n".join([*lines, *self.notes])

    def _fields(self) -> Iterator[str]:
        for run in self.field_runs:
            different = any(found.sizes == run.text for found in self.field_differences)
            yield (f"  {run.text}: {run}{', DIFFERENT' if different else ''} ({run.seconds:.2f} s)")

    def _field_verdict(self) -> str:
        found = self.field_differences
        verdict = counted(len(found), "difference") if found else "verified"
        if not any(run.ops for run in self.field_runs):
            verdict = "nothing was compared"
        return f"receptive fields: {verdict}"

    def _verdict(self) -> str:
        if not self.runs:
            return "nothing was compared"
        differences = len(self.differences) + len(self.field_differences)
        verdict = "verified" if self else counted(differences, "difference")
        sizes = counted(len(self.runs), "size")
        if self and not any(run.accepted for run in self.runs):
            return f"{verdict}: {sizes}, rejected as predicted, so no shapes were compared"
        compared = _compared(self.calls_compared, self.layers_compared)
        return f"{verdict}: {sizes}, {compared} compared with real forward passes"


_NOT_SEEN = (
    "reads not seen: the model computes with these inputs, but what comes of them is smaller than "
    "rounding,\nor is cut off, by a ReLU or a maximum for example"
)
_MOST_SHOWN = 20  # differences


def _shown(differences: Sequence[object]) -> list[str]:
    shown = [f"  {difference}" for difference in differences[:_MOST_SHOWN]]
    if len(differences) > len(shown):
        shown.append(f"  and {len(differences) - len(shown)} more")
    return shown


def _probed(run: FieldRun) -> str:
    watched = f"{counted(run.outputs, 'output')} of {counted(run.ops, 'op')}"
    return f"{watched} watched while {counted(run.slices, 'slice')} of the input changed"


def _window(indices: Sequence[int]) -> str:
    """Return indices in order as people write them.

    >>> _window((3, 4, 5)), _window((3, 5)), _window((3,)), _window(())
    ('3..5', '3..5 with holes', '3', 'nothing')
    """
    if len(indices) < 2:
        return str(indices[0]) if indices else "nothing"
    holes = indices[-1] - indices[0] >= len(indices)
    return f"{indices[0]}..{indices[-1]}{' with holes' if holes else ''}"


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Return sizes as they are written.

    >>> sizes_text({"N": 2, "H": 97})
    'N=2, H=97'
    """
    return ", ".join(f"{name}={size}" for name, size in sizes.items()) or "fixed sizes"


def _compared(module_calls: int, op_outputs: int) -> str:
    return f"{counted(module_calls, 'module call')}, {counted(op_outputs, 'op output')}"


def counted(count: int, what: str) -> str:
    """Return a number of things.

    >>> counted(1, "size"), counted(2, "size")
    ('1 size', '2 sizes')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
