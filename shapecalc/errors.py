"""The exceptions of shapecalc.

ShapecalcError
├── InputError           the question cannot be answered as asked: exit code 2
│   ├── TargetError      a target that cannot be found, imported or built
│   ├── PatternError     an input pattern that cannot be read, or does not fit `forward`
│   ├── SpecError        a YAML spec with a mistake, at file:line:column
│   └── BackendError     what draws a picture is not installed, or failed
├── ShapeError           the shapes are wrong: exit code 1
│   ├── RankError        a tensor with the wrong number of dimensions
│   ├── DimMismatchError two sizes that have to agree and do not
│   ├── DTypeError       a tensor of a type that the op does not take
│   └── SizeError        a size or parameter outside of what the op takes
├── RejectedInput        the model does not accept these sizes
├── UndecidedError       the question has an answer that was not found
├── DataDependentError   Python asked for a value that no shape determines
└── ForwardError         the model's own code raised
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.conditions import Condition


class ShapecalcError(Exception):
    """The root of every exception that shapecalc raises on purpose."""


class InputError(ShapecalcError):
    """The question cannot be answered as it was asked."""


class TargetError(InputError):
    """The model cannot be found, imported or built."""


class PatternError(InputError):
    """An input pattern cannot be read, or does not fit the model's `forward`."""


class SpecError(InputError):
    """A YAML spec has a mistake; the message starts with file:line:column."""


class BackendError(InputError):
    """A picture cannot be made: what draws it is not installed, or failed."""


class ShapeError(ShapecalcError, RuntimeError):
    """An op does not accept the shapes it is given: a RuntimeError, as it is in torch.

    `condition` is set where other sizes would be accepted: it is what they have to meet.
    `demand` is the comparison that failed, also where no sizes would meet it.
    `fix` is set only where the remedy is certain.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str | None = None,
        condition: Condition | None = None,
        demand: Condition | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.condition = condition
        self.demand = demand

    def __str__(self) -> str:
        return self.message if self.fix is None else f"{self.message}\n  fix: {self.fix}"


class RankError(ShapeError):
    """A tensor has the wrong number of dimensions."""


class DimMismatchError(ShapeError):
    """Two sizes that have to agree do not."""


class DTypeError(ShapeError):
    """A tensor has a type that the op does not take."""


class SizeError(ShapeError):
    """A size or a parameter is outside of what the op takes."""


class RejectedInput(ShapecalcError):  # noqa: N818  # a verdict, not a failure
    """The model does not accept these sizes; `reasons` says which requirements fail."""

    def __init__(
        self,
        message: str,
        *,
        reasons: Sequence[str] = (),
        nearest: Callable[[], dict[str, int] | None] = lambda: None,
    ) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
        self._nearest = nearest

    @property
    def nearest(self) -> dict[str, int] | None:
        """The accepted sizes that are nearest; None where the model accepts none.

        They are looked for when they are asked for: that may take other traces of the model.
        """
        return self._nearest()


class UndecidedError(ShapecalcError):
    """The question was not decided: isl cannot, or the paths were not all explored."""


class DataDependentError(ShapecalcError):
    """Python asked for a value that no shape determines, such as `.item()` in an `if`."""


class ForwardError(ShapecalcError):
    """The model's own code raised; the message carries its text and file:line."""
