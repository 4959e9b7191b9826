"""What a verification found, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
        return ", ".join(f"{name}={size}" for name, size in self.sizes.items()) or "fixed sizes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The outcome of a comparison; false when anything differs or nothing was compared."""

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.runs) and not self.differences

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

    def __str__(self) -> str:
        lines = []
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
        shown = [f"  {difference}" for difference in self.differences[:20]]
        if len(self.differences) > len(shown):
            shown.append(f"  and {len(self.differences) - len(shown)} more")
        return "\n".join([self._verdict(), *lines, *shown, *self.notes])

    def _verdict(self) -> str:
        if not self.runs:
            return "nothing was compared"
        verdict = "verified" if self else counted(len(self.differences), "difference")
        sizes = counted(len(self.runs), "size")
        if self and not any(run.accepted for run in self.runs):
            return f"{verdict}: {sizes}, rejected as predicted, so no shapes were compared"
        compared = _compared(self.calls_compared, self.layers_compared)
        return f"{verdict}: {sizes}, {compared} compared with real forward passes"


def _compared(module_calls: int, op_outputs: int) -> str:
    return f"{counted(module_calls, 'module call')}, {counted(op_outputs, 'op output')}"


def counted(count: int, what: str) -> str:
    """Return a number of things.

    >>> counted(1, "size"), counted(2, "size")
    ('1 size', '2 sizes')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
